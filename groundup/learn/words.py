"""A report as the learner reads it."""

import textwrap

WIDTH = 100


def worded(slug: str, report: dict) -> str:
    """The fields of a `Report` in lines, what holds before what does not."""
    if report["error"]:
        lines = [f"{slug}: {report['error']}"]
    else:
        findings = report["findings"]
        held = sum(finding["held"] for finding in findings)
        lines = [f"{slug}: " + ("passed" if report["passed"] else f"{held} of {len(findings)} hold")]
        before = ""
        for finding in sorted(findings, key=lambda finding: not finding["held"]):
            lines.append(f"  {'holds' if finding['held'] else 'wrong'}  {finding['title']}")
            message = finding["message"]
            if message:
                lines += wrapped("the same" if message == before else message, "         ")
            before = message
    if report["why"]:
        lines += wrapped(f"Why: {report['why']}", "  ")
    if report["printed"].strip():
        lines += ["  It printed:", *(f"    {line}" for line in report["printed"].strip().splitlines()[:20])]
    return "\n".join(lines)


def wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
