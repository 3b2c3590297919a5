"""Man pages, completions and the journal catalog say what the programs say: every verb, option, key, field and
kind of line is in them."""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build/release/bin"
MAN = ROOT / "man"
COMPLETIONS = ROOT / "completions"


def help_of(*words: str) -> str:
    ended = subprocess.run([BIN / words[0], *words[1:], "--help"], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def options_in(text: str) -> set[str]:
    """Of the lists in a help text, not of its examples."""
    return set(re.findall(r"^  (?:-\w,)?--([a-z-]+)", text, re.MULTILINE))


def verbs() -> dict[str, set[str]]:
    listed = help_of("slotctl").split("Subcommands:")[1].split("\n\n")[0]
    return {v: options_in(help_of("slotctl", v)) for v in re.findall(r"^  ([\w-]+) ", listed, re.MULTILINE)}


def dashed(page: str) -> set[str]:
    return set(re.findall(r"Fl -([a-z-]+)", (MAN / page).read_text()))


class Pages(unittest.TestCase):
    def test_slotctl_has_every_verb_and_option(self) -> None:
        page = (MAN / "slotctl.1").read_text()
        expected = set.union(*verbs().values()) | options_in(help_of("slotctl"))

        self.assertEqual(dashed("slotctl.1"), expected)
        self.assertEqual(set(re.findall(r"^\.It Cm (\w+)", page, re.MULTILINE)), set(verbs()))

    def test_the_daemons_have_every_option(self) -> None:
        self.assertEqual(dashed("slotd.8") - {"open-gates"}, options_in(help_of("slotd")))
        self.assertEqual(dashed("slotd-exec.8"), options_in(help_of("slotd-exec")))
        self.assertEqual(dashed("slotd-run-hooks.8") - {"force"}, options_in(help_of("slotd-run-hooks")))

    def test_slotd_toml_has_every_table_and_key(self) -> None:
        page = (MAN / "slotd.toml.5").read_text()
        config = (ROOT / "config/slotd.toml").read_text()
        tables = re.split(r"^\[(\w+)\]$", config, flags=re.MULTILINE)[1:]
        for table, text in zip(tables[::2], tables[1::2], strict=True):
            section = page.split(f".Sh [{table}]\n")[1].split("\n.Sh ")[0]
            keys = set(re.findall(r"^(\w+) = ", text, re.MULTILINE))
            self.assertEqual(set(re.findall(r"^\.It Cm (\w+)", section, re.MULTILINE)), keys, table)

    def test_slotd_journal_has_every_field(self) -> None:
        written = set(re.findall(r'"(SLOTD_\w+)"', (ROOT / "lib/os/journal_text.cpp").read_text()))
        page = (MAN / "slotd-journal.7").read_text()

        self.assertEqual(set(re.findall(r"^\.It Ev (\w+)", page, re.MULTILINE)), written)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_are_good_mdoc(self) -> None:
        for page in sorted(MAN.iterdir()):
            lint = subprocess.run(
                ["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, timeout=30
            )
            self.assertEqual((lint.returncode, lint.stdout), (0, ""))


class ExitCodes(unittest.TestCase):
    """Scripts branch on them: one meaning each, and the same in every text."""

    ENUM = (ROOT / "daemon/ctl/exit_code.hpp").read_text().split("enum class ExitCode")[1].split("};")[0]
    CODES = [int(code) for code in re.findall(r"^    \w+ = (\d+),", ENUM, re.MULTILINE)]

    @staticmethod
    def _numbers(cells: list[str]) -> list[int]:
        return [int(number) for cell in cells for number in re.findall(r"\d+", cell)]

    def test_are_distinct(self) -> None:
        self.assertEqual(len(self.CODES), self.ENUM.count(" = "))
        self.assertEqual(len(set(self.CODES)), len(self.CODES))

    def test_are_in_the_help(self) -> None:
        listed = help_of("slotctl").split("Exit status:")[1].split("\n\n")[0]
        self.assertEqual(self._numbers(re.findall(r"^ +(\d+(?:, \d+)*) ", listed, re.MULTILINE)), self.CODES)

    def test_are_in_the_manual(self) -> None:
        section = (MAN / "slotctl.1").read_text().split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
        self.assertEqual(self._numbers(re.findall(r"^\.It (.*)", section, re.MULTILINE)), self.CODES)

    def test_are_in_the_page(self) -> None:
        section = (ROOT / "docs/control.md").read_text().split("### Exit status")[1].split("\n##")[0]
        self.assertEqual(self._numbers(re.findall(r"^\| (\d[\d, ]*) \|", section, re.MULTILINE)), self.CODES)


class Json(unittest.TestCase):
    def test_of_every_verb_is_described(self) -> None:
        page = (ROOT / "docs/json.md").read_text()
        described = set(re.findall(r"^## ([\w-]+)$", page, re.MULTILINE))
        without = set(re.findall(r"`(\w+)` draws a\s+screen and has no JSON", page))

        self.assertEqual(described | without, set(verbs()), "docs/json.md: one section for each verb")
        for verb, options in verbs().items():
            self.assertIn("json", options, verb)


class Doctor(unittest.TestCase):
    def test_the_page_has_every_finding(self) -> None:
        named = re.findall(r'FindingKind::\w+, "([\w-]+)"', (ROOT / "lib/report/finding.cpp").read_text())
        page = (ROOT / "docs/doctor.md").read_text().split("## Findings")[1].split("## JSON")[0]

        self.assertEqual(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE), named)


class Completions(unittest.TestCase):
    def test_of_bash_are_those_of_each_verb(self) -> None:
        for verb, options in verbs().items():
            self.assertEqual(
                {w for w in self._bash(f"slotctl {verb} --") if w.startswith("--")},
                {f"--{option}" for option in options},
                verb,
            )
        self.assertLessEqual(set(verbs()), set(self._bash("slotctl ")))

    def _bash(self, line: str) -> list[str]:
        script = f"""
            _get_comp_words_by_ref() {{
                words=({line.rstrip()})
                [[ "{line}" == *" " ]] && words+=("")
                cword=$((${{#words[@]}} - 1)); cur=${{words[cword]}}; prev=${{words[cword - 1]}}
            }}
            slotctl() {{ return 1; }}
            . "{COMPLETIONS}/slotctl.bash"
            _slotctl
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30)
        self.assertEqual(ended.stderr, "")
        return ended.stdout.split()

    def test_of_bash_offer_the_slots_that_slotd_names(self) -> None:
        reply = '{"slots":[{"functions":[],"port":"0000:00:1c.0","slot":"5"},{"port":"0000:00:1d.0","slot":""}]}'
        script = f"slotctl() {{ echo '{reply}'; }}; . '{COMPLETIONS}/slotctl.bash'; _slotctl_slots"
        ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30)

        self.assertEqual(ended.stdout.split(), ["0000:00:1c.0", "0000:00:1d.0", "5"])

    def test_of_zsh_are_those_of_each_verb(self) -> None:
        text = (COMPLETIONS / "_slotctl").read_text()
        shared = dict(re.findall(r"^    (all|reason|method)=\((.*?)\)\n", text, re.MULTILINE | re.DOTALL))
        arms = text.split("case $line[1] in")[1].split("esac")[0].replace("\\\n", " ")
        offered = {}
        for names, call in re.findall(r"^\s+([\w|-]+)\) _arguments (.*?);;", arms, re.MULTILINE):
            call = re.sub(r"\$(all|reason|method)", lambda name: shared[name[1]], call)
            for name in names.split("|"):
                offered[name] = set(re.findall(r"(?:'|,)--([a-z-]+)[\[}]", call))

        self.assertEqual(offered, verbs(), "completions/_slotctl")
        listed = text.split("verbs=(")[1].split(")\n")[0]
        self.assertEqual(set(re.findall(r"'([\w-]+):", listed)), set(verbs()), "completions/_slotctl")

    def test_of_fish_are_those_of_each_verb(self) -> None:
        lines = (COMPLETIONS / "slotctl.fish").read_text().splitlines()
        offered = {verb: set() for verb in verbs()}
        for line in (line for line in lines if line.startswith("complete ")):
            option = re.search(r" -l ([a-z-]+)", line)
            only = re.search(r"-n '__slotctl_is ([\w -]+)'", line)
            if option and "-n \"not " not in line:
                for verb in only[1].split() if only else offered:
                    offered[verb].add(option[1])

        self.assertEqual(offered, verbs(), "completions/slotctl.fish")
        before = [line for line in lines if '-n "not __slotctl_is $verbs"' in line]
        named = {found[1] for line in before if (found := re.search(r" -a ([\w-]+)", line))}
        self.assertEqual(named, set(verbs()), "completions/slotctl.fish")

    def test_are_accepted_by_their_shells(self) -> None:
        for shell, file in (("bash", "slotctl.bash"), ("zsh", "_slotctl"), ("fish", "slotctl.fish")):
            with self.subTest(shell=shell):
                if not shutil.which(shell):
                    self.skipTest(f"{shell} is not installed")
                ended = subprocess.run(
                    [shell, "-n", COMPLETIONS / file], capture_output=True, text=True, timeout=30
                )
                self.assertEqual((ended.returncode, ended.stderr), (0, ""))


class JournalPage(unittest.TestCase):
    """docs/journal.md: every field and every kind of line."""

    PAGE = (ROOT / "docs/journal.md").read_text()
    SOURCE = (ROOT / "lib/os/journal_text.cpp").read_text()

    def test_has_every_field(self) -> None:
        fields = self.PAGE.split("## Fields")[1].split("\n### ")[0]

        self.assertEqual(
            set(re.findall(r"^\| `(\w+)` \|", fields, re.MULTILINE)),
            set(re.findall(r'append_field\(datagram, "(\w+)"', self.SOURCE)),
        )

    def test_has_every_kind_with_its_id_an_example_and_what_to_do(self) -> None:
        ids = dict(re.findall(r'RecordKind::(\w+):\s*return "([0-9a-f]{32})"', self.SOURCE))
        names = dict(
            re.findall(r'RecordKind::(\w+):\s*return "([a-z-]+)"', (ROOT / "lib/action/record.cpp").read_text())
        )
        kinds = self.PAGE.split("## Kinds of line")[1].split("\n## ")[0]
        told = {}
        for section in re.split(r"^### ", kinds, flags=re.MULTILINE)[1:]:
            rows = dict(re.findall(r"^\| (\w+) \| (.+) \|$", section, re.MULTILINE))
            told[section.split("\n")[0]] = rows["MESSAGE_ID"].strip("`")
            for row in ("example", "means", "do"):
                self.assertTrue(rows.get(row), (section, row))

        self.assertEqual(told, {names[kind]: number for kind, number in ids.items()})

    def test_has_every_word_of_the_evidence(self) -> None:
        words = (ROOT / "lib/evidence/words.hpp").read_text().split("kReports")[1]
        schema = self.PAGE.split("## SLOTD_EVENT")[1]

        for word in re.findall(r'"([a-z-]+)"', words):
            if word != "unknown":
                self.assertIn(f"`{word}`", schema)
        for part in ("encode.cpp", "encode_parts.cpp"):
            source = (ROOT / "lib/evidence" / part).read_text()
            for word in re.findall(r'(?:text_of|key|put_place|put_fitting|put_texts|put_optional)\((?:line, )?"(\w+)"', source):
                self.assertIn(f"`{word}`", schema, part)


class Catalog(unittest.TestCase):
    """What journalctl -x shows with each line."""

    TEXT = (ROOT / "systemd/slotd.catalog").read_text()
    SOURCE = (ROOT / "lib/os/journal_text.cpp").read_text()

    def test_has_one_text_for_each_kind_of_line(self) -> None:
        ids = re.findall(r'return "([0-9a-f]{32})"', self.SOURCE)
        kinds = (ROOT / "lib/action/record.hpp").read_text().split("enum class RecordKind")[1].split("};")[0]

        self.assertEqual(len(ids), len(re.findall(r"^    [A-Z]\w+,", kinds, re.MULTILINE)))
        self.assertEqual(re.findall(r"^-- ([0-9a-f]{32})$", self.TEXT, re.MULTILINE), ids)

    def test_uses_fields_that_slotd_writes(self) -> None:
        written = set(re.findall(r'"(SLOTD_\w+)"', self.SOURCE))

        self.assertLessEqual(set(re.findall(r"@(\w+)@", self.TEXT)), written)

    def test_uses_only_fields_that_every_line_of_the_kind_has(self) -> None:
        # The catalog shows a field's bare name where a line has no such field.
        page = (ROOT / "docs/journal.md").read_text()
        for section in re.split(r"^### ", page.split("## Kinds of line")[1], flags=re.MULTILINE)[1:]:
            kind = section.split("\n")[0]
            if not (found := re.search(r"MESSAGE_ID \| `([0-9a-f]{32})`", section)):
                continue
            always = set(re.findall(r"SLOTD_\w+", re.search(r"\| always \| (.*) \|", section)[1]))
            text = re.search(rf"^-- {found[1]}\n(.*?)(?=^-- |\Z)", self.TEXT, re.MULTILINE | re.DOTALL)[1]
            self.assertLessEqual(set(re.findall(r"@(\w+)@", text)), always, kind)

    def test_says_what_each_means_and_what_to_do(self) -> None:
        for entry in re.split(r"^-- ", self.TEXT, flags=re.MULTILINE)[1:]:
            head, meaning, *rest = entry.strip().split("\n\n")
            self.assertRegex(head, r"\nSubject: \S.*\nDefined-By: slotd\n")
            self.assertGreater(len(meaning.split()), 10, head)
            self.assertTrue(rest and all(len(part.split()) >= 2 for part in rest), head)

    @unittest.skipUnless(shutil.which("journalctl"), "journalctl is not installed")
    def test_is_accepted_by_journald(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root) / "usr/lib/systemd/catalog"
            folder.mkdir(parents=True)
            (Path(root) / "var/lib/systemd/catalog").mkdir(parents=True)
            shutil.copy(ROOT / "systemd/slotd.catalog", folder)
            made = subprocess.run(
                ["journalctl", "--update-catalog", f"--root={root}"],
                capture_output=True, text=True, timeout=30,
            )  # fmt: skip
            self.assertEqual((made.returncode, made.stdout + made.stderr), (0, ""))
            listed = subprocess.run(
                ["journalctl", "--list-catalog", f"--root={root}"],
                capture_output=True, text=True, timeout=30,
            )  # fmt: skip
        self.assertEqual(listed.stdout.count("slotd: "), len(re.findall(r"^-- ", self.TEXT, re.MULTILINE)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
