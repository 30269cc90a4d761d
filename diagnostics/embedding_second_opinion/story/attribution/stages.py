"""What is told of the way from the claim to the accuracy in use? Records, as they are published."""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Stage, Table, Waterfall
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.inert import inert
from embedding_second_opinion.findings.record import Number, Record


class Step(Record):
    """One switch turned on, the ones before it being on.

    change: after less before, in accuracy points; below 0 is a loss. shapley: its mean change over all
    admissible orders, with the least and the most of them. interaction: these differ in sign.
    cause: the code of the diagnostic that explains a loss best, "" where none does; because: in words.
    """

    letter: str
    name: str
    before: Number
    after: Number
    change: Estimate
    shapley: Number
    least: Number
    most: Number
    interaction: bool
    cause: str = ""
    because: str = ""


class Missing(Record):
    """A switch that cannot be turned, and what it would need."""

    letter: str
    name: str
    needs: str


class Attribution(Record):
    """The whole way. Steps add up to end less start; Shapley values do too."""

    start: Estimate
    start_name: str
    end: Estimate
    end_name: str
    steps: tuple[Step, ...]
    missing: tuple[Missing, ...]
    orders: int

    @property
    def largest(self) -> Step | None:
        """The step that loses most; None where none loses anything."""
        losing = [step for step in self.steps if step.change.value < 0]
        return min(losing, key=lambda step: step.change.value, default=None)

    def chart(self) -> Waterfall:
        """The steps from the first number to the last, as a picture."""
        steps = [
            Stage(
                label=step.name,
                before=step.before,
                after=step.after,
                low=step.change.low,
                high=step.change.high,
            )
            for step in self.steps
        ]
        start, end = (
            Stage(label=name, before=0.0, after=found.value, total=True)
            for name, found in ((self.start_name, self.start), (self.end_name, self.end))
        )
        told = "; ".join(f"{step.name}: {step.change.text()}" for step in self.steps)
        return Waterfall(
            title="From the number believed to the accuracy in use",
            alt=f"{self.start_name}: {self.start.text()}. {told}. {self.end_name}: {self.end.text()}.",
            value_label="accuracy; changes with 95 % interval",
            stages=(start, *steps, end),
        )

    def table(self) -> Table:
        """What each switch changes in the order shown, and over all orders."""
        rows = [
            {
                "switch": step.name,
                "in the order shown": step.change.text(),
                "mean of all orders (Shapley)": f"{100 * step.shapley:z.1f}",
                "range": f"{100 * step.least:z.1f} to {100 * step.most:z.1f}"
                + (": interaction" if step.interaction else ""),
            }
            for step in self.steps
        ]
        return Table.of(
            "The same changes in every order",
            f"What each switch changes in {self.orders:,} orders; where the range crosses 0 they interact.",
            rows,
            words=("switch",),
        )

    def markdown(self) -> str:
        """The way as a Markdown table, with what explains its losses."""
        lines = [
            "| | accuracy | change |",
            "|---|---|---|",
            f"| {inert(self.start_name)} | {self.start.text()} | |",
        ]
        for step in self.steps:
            name = inert(step.name)
            lines.append(f"| {name} | {100 * step.after:.1f} % | {step.change.text()} |")
        lines.append(f"| **{inert(self.end_name)}** | **{self.end.text()}** | |")
        reasons = [f"{step.name}: {step.because}" for step in self.steps if step.because]
        lines += ["", *(f"- {inert(reason)}" for reason in reasons)]
        return "\n".join(lines).rstrip()
