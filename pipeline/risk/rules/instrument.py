"""Keep orders to what the instrument allows: tick, lot, smallest and largest quantity, notional."""

from decimal import Decimal

from pipeline.risk.gate.proposal import Proposal, floored
from pipeline.risk.gate.standing import Standing
from pipeline.risk.numbers import ONE, ZERO, remainder
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class InstrumentTerms(Rule, frozen=True, kw_only=True):
    PLACE = 70
    MINIMUMS = True

    def check(  # noqa: PLR0911  One answer for each way to be wrong.
        self, standing: Standing, proposal: Proposal
    ) -> Check:
        instrument = proposal.terms.holding.instrument
        if instrument is None:
            return self.unknown()
        limit_price = proposal.terms.signal.limit_price
        if limit_price is not None and remainder(limit_price, instrument.tick_size):
            return Check(self.NAME, "breach", limit_price, instrument.tick_size, None)
        if proposal.terms.asked is None:
            return self.unknown()
        quantity, notional = proposal.quantity, proposal.notional
        least, cheapest = instrument.min_quantity, instrument.min_notional
        if quantity <= ZERO or (quantity < least and not _whole_rest(proposal)):
            return self._below(quantity, least)
        if cheapest is not None and notional is not None:
            cheapest *= proposal.terms.rate or ONE
            if notional < cheapest and not _whole_rest(proposal):
                return self._below(notional, cheapest)
        if instrument.max_quantity is None:
            return Check(self.NAME, "pass", quantity)
        return self.cap(quantity, instrument.max_quantity)

    def _below(self, measured: Decimal, least: Decimal) -> Check:
        return Check(self.NAME, "breach", measured, least, measured - least)

    def sizes(self, standing: Standing, proposal: Proposal) -> bool:
        """Only a quantity above the largest is cut; ticks and minimums forbid."""
        instrument = proposal.terms.holding.instrument
        limit_price = proposal.terms.signal.limit_price
        return (
            instrument is not None
            and instrument.max_quantity is not None
            and proposal.quantity > instrument.max_quantity
            and not (limit_price is not None and remainder(limit_price, instrument.tick_size))
        )

    def room(self, standing: Standing, proposal: Proposal) -> Decimal:
        instrument = proposal.terms.holding.instrument
        if instrument is None or instrument.max_quantity is None:
            return proposal.quantity
        return floored(proposal.terms, instrument.max_quantity)


def _whole_rest(proposal: Proposal) -> bool:
    """Whether it closes all there is, which may be below the minimums."""
    terms = proposal.terms
    return proposal.exempt and proposal.quantity == floored(terms, terms.exit_room)
