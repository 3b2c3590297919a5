"""The alert rules and the dashboard: promtool accepts each query, each alert fires where it should, and no query asks for
a metric that slotd does not tell. (docs/metrics.md is held to the program by unit_metrics.)"""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "config/prometheus/slotd.rules.yml"
CASES = ROOT / "tests/alerts/slotd.test.yml"
DASHBOARD = ROOT / "config/grafana/slotd.json"
PAGE = ROOT / "docs/metrics.md"


def promtool(*words: str) -> str:
    program = shutil.which("promtool")
    assert program, "promtool is missing: scripts/install-packages installs it (Debian package prometheus)"
    ended = subprocess.run([program, *words], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def told() -> set[str]:
    """The names of all series."""
    names = set()
    for name, kind in re.findall(r"^\| `(slotd_\w+)` \| (\w+) \|", PAGE.read_text(), re.MULTILINE):
        names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names


def asked(queries: str) -> set[str]:
    return set(re.findall(r"\bslotd_\w+", queries))


def rule_queries() -> str:
    """The rules without what is said of them."""
    return re.sub(r"^        annotations:\n(?:          .*\n|\n)*", "", RULES.read_text(), flags=re.MULTILINE)


def panels() -> list[dict]:
    return json.loads(DASHBOARD.read_text())["panels"]


def dashboard_queries() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel.get("targets", ())]


class Rules(unittest.TestCase):
    def test_are_good_and_fire_where_they_should(self) -> None:
        self.assertIn("17 rules found", promtool("check", "rules", str(RULES)))
        self.assertIn("SUCCESS", promtool("test", "rules", str(CASES)))

    def test_ask_for_what_slotd_tells(self) -> None:
        self.assertGreater(len(told()), 30)
        self.assertEqual(asked(rule_queries()) - told(), set())

    def test_each_is_tested_and_on_the_page_with_its_severity(self) -> None:
        rules = dict(re.findall(r"- alert: (\w+)\n(?:.*\n)*?          severity: (\w+)", RULES.read_text()))
        page = dict(re.findall(r"^\| `(Slotd\w+)` \| (\w+) \|", PAGE.read_text(), re.MULTILINE))

        self.assertEqual(page, rules)
        self.assertEqual(set(re.findall(r"alertname[:=] ?\"?(Slotd\w+)", CASES.read_text())), set(rules))

    def test_each_says_what_it_is_and_what_to_do(self) -> None:
        for rule in RULES.read_text().split("- alert: ")[1:]:
            name = rule.split("\n")[0]
            self.assertRegex(rule, r'\n          summary: ".+"\n', name)
            self.assertRegex(rule, r"\n          description: \S", name)


class Dashboard(unittest.TestCase):
    def test_asks_for_what_slotd_tells(self) -> None:
        queries = " ".join(dashboard_queries())

        self.assertEqual(asked(queries) - told(), set())
        self.assertGreater(len(asked(queries)), 20)

    def test_promtool_accepts_each_query(self) -> None:
        rules = [
            {"record": f"query:{number}", "expr": expr.replace("$__rate_interval", "5m").replace("$instance", ".*")}
            for number, expr in enumerate(dashboard_queries())
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "queries.yml"
            path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # JSON is YAML

            self.assertIn(f"{len(rules)} rules found", promtool("check", "rules", str(path)))

    def test_is_what_grafana_imports(self) -> None:
        board = json.loads(DASHBOARD.read_text())
        self.assertEqual((board["uid"], board["schemaVersion"]), ("slotd", 38))
        self.assertEqual([v["name"] for v in board["templating"]["list"]], ["datasource", "instance"])
        self.assertEqual(len({p["id"] for p in panels()}), len(panels()))
        taken: set[tuple[int, int]] = set()
        for panel in panels():
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            self.assertEqual(cells & taken, set(), f"{panel['title']} lies on another panel")
            taken |= cells
            if panel["type"] != "row":
                self.assertIn(panel["type"], ("stat", "table", "timeseries"))
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                self.assertEqual(len({t["refId"] for t in panel["targets"]}), len(panel["targets"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
