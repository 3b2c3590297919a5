"""The lab: a real kernel in QEMU, with slots whose cards fail and whose links drop on demand.

docs/lab.md says what is in it and how to run it.
"""
