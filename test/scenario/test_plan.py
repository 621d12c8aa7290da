"""docs/plan.md answers every item of the plan with something that exists."""
import re

from contract import ROOT

PLAN = ROOT / "docs/plan.md"


def test_every_item_of_the_plan_is_answered():
    rows = [line for line in PLAN.read_text(encoding="utf-8").splitlines() if re.match(r"\|\s*T\d{3}\s*\|", line)]
    items = [re.match(r"\|\s*(T\d{3})", row).group(1) for row in rows]
    assert items == [f"T{i:03}" for i in range(1, 68)]
    for row in rows:
        assert re.search(r"\]\([^)]+\)|not yet: \w+", row), f"neither a link nor a reason: {row}"


def test_every_link_in_the_documents_leads_somewhere():
    broken = []
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("modules/*/README.md")]:
        text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target) or target.startswith(("#", "/api/")):
                continue
            path, _, anchor = target.partition("#")
            found = (document.parent / path).resolve()
            if not found.exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")
            elif anchor and found.suffix == ".md":
                headings = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), flags=re.M)
                if anchor not in {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}:
                    broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert not broken, "\n".join(broken)
