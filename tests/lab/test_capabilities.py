"""Which capability each effect of slotd-exec needs, found by taking them away one at a time: what
docs/operations.md says, and what the units leave it."""

# lab: by hand

import re
import unittest

from lab import places
from lab.service_scenario import ServiceScenario

PAGE = places.REPOSITORY / "docs" / "operations.md"
UNITS = places.REPOSITORY / "systemd"
SURVEY = "who uses the card"
# The effect as docs/operations.md calls it, and what lab-exec is told; P is the port, F the function.
EFFECTS = {
    "look at the registers": "observe P",
    "fence of error reporting": "fence P",
    "hot-plug mask": "mask-hotplug P",
    "unbind and bind of a service": "unbind-pciehp P",
    "function-level reset": "flr F",
    "bus or slot reset": "bus-reset F",
    "slot power off and on": "power-off P power-on P",
    "remove and rescan": "remove F rescan P",
    "hot reset through VFIO": "reset-by-vfio P",
    "note and restore of virtual functions": "note-vfs P restore-vfs P",
    SURVEY: "survey P",
}


def of_the_page() -> dict[str, set[str]]:
    rows = re.findall(r"^\| ([a-z][^|]*?) \| ((?:`CAP_\w+`(?:, )?)+|none) \|", PAGE.read_text(), re.MULTILINE)
    return {effect: set(re.findall(r"CAP_(\w+)", needs)) for effect, needs in rows}


def of_the_unit(name: str) -> set[str]:
    (left,) = re.findall(r"^CapabilityBoundingSet=(.*)$", (UNITS / name).read_text(), re.MULTILINE)
    return set(re.findall(r"CAP_(\w+)", left))


class Capabilities(ServiceScenario):
    def setUp(self) -> None:
        self.service.ctl("stop", "slotd.socket", "slotd")
        self.service.wait_for(
            lambda: self.service.pid("slotd-exec.service") == 0, "the end of slotd-exec"
        )

    def _told(self, words: str, capabilities: set[str]) -> str:
        self.guest.pci.wait_for_driver(1, "virtio-pci")
        function = self.guest.pci.function(1)
        addresses = {"P": self.port, "F": function}
        bounding = ",".join(["-all", *(f"+{name.lower()}" for name in sorted(capabilities))])
        told = [addresses.get(word, word) for word in words.split()]
        ended = self.guest.run(
            *("setpriv", f"--bounding-set={bounding}", "--inh-caps=-all", "lab-exec", *told),
            timeout=120,
            check=False,
        )
        # With all of them, whatever was left closed without is opened.
        self.guest.run("slotd-exec", "--open-gates", "--patience-s", "100", timeout=120)
        return f"{ended.code} " + re.sub(r"[0-9a-f]{4}:[\w:.]+", "ADDRESS", ended.text)

    def test_are_those_that_the_page_lists(self) -> None:
        # Somebody who is not root has the disk open.
        name = self.guest.pci.disk(self.guest.pci.function(1))
        self.guest.spawn(
            "holder",
            *("sh", "-c", f"exec 3</dev/{name}; exec setpriv --reuid=65534 --clear-groups sleep 3600"),
        )
        survey, others = of_the_unit("slotd-survey@.service"), of_the_unit("slotd-exec.service")
        everything = survey | others
        # The one that needs the holder comes first: others re-enumerate the card.
        found = {}
        for effect, words in sorted(EFFECTS.items(), key=lambda one: not one[1].startswith("survey")):
            whole = self._told(words, everything)
            self.assertRegex(whole, r"^0 (done|already so)", effect)
            without = {one: self._told(words, everything - {one}) for one in everything}
            needed = {one for one, told in without.items() if told != whole}
            for one in needed:
                print(f"  without {one}: {without[one].strip()!r}")
            found[effect] = needed
            print(f"{effect}: {' '.join(sorted(needed)) or 'none'} ({whole.strip()!r})", flush=True)

        self.assertEqual(found, of_the_page())
        self.assertEqual(found.pop(SURVEY), survey, "the survey's unit leaves it no more than that")
        self.assertEqual(set.union(*found.values()), others, "and slotd-exec's leaves it the rest")


if __name__ == "__main__":
    unittest.main(verbosity=2)
