"""Keep orders to what the instrument allows: tick, lot, smallest and largest quantity, notional."""

from decimal import Decimal

from pipeline.risk.numbers import ZERO
from pipeline.risk.proposal import Proposal, floored
from pipeline.risk.rules.rule import Rule
from pipeline.risk.standing import Standing
from topics.decisions import Check


class InstrumentTerms(Rule, frozen=True, kw_only=True):
    PLACE = 70

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        instrument = proposal.terms.holding.instrument
        if instrument is None:
            return self.unknown()
        limit_price = proposal.terms.signal.limit_price
        if limit_price is not None and limit_price % instrument.tick_size:
            return Check(self.NAME, "breach", limit_price, instrument.tick_size, None)
        if proposal.terms.asked is None:
            return self.unknown()
        if self.too_small(proposal):
            headroom = proposal.quantity - instrument.min_quantity
            return Check(
                self.NAME, "breach", proposal.quantity, instrument.min_quantity, headroom
            )
        if self.too_cheap(proposal):
            notional, least = proposal.notional or ZERO, instrument.min_notional or ZERO
            return Check(self.NAME, "breach", notional, least, notional - least)
        if instrument.max_quantity is None:
            return Check(self.NAME, "pass", proposal.quantity)
        return self.cap(proposal.quantity, instrument.max_quantity)

    def sizes(self, standing: Standing, proposal: Proposal) -> bool:
        """Only a quantity above the largest is cut; ticks and minimums forbid."""
        instrument = proposal.terms.holding.instrument
        limit_price = proposal.terms.signal.limit_price
        return (
            instrument is not None
            and instrument.max_quantity is not None
            and proposal.quantity > instrument.max_quantity
            and not (limit_price is not None and limit_price % instrument.tick_size)
        )

    def room(self, standing: Standing, proposal: Proposal) -> Decimal:
        instrument = proposal.terms.holding.instrument
        if instrument is None or instrument.max_quantity is None:
            return proposal.quantity
        return floored(proposal.terms, instrument.max_quantity)

    def too_small(self, proposal: Proposal) -> bool:
        """Whether the quantity is below the minimum and not the whole rest of a position."""
        instrument = proposal.terms.holding.instrument
        if instrument is None or proposal.quantity <= 0:
            return True
        return proposal.quantity < instrument.min_quantity and not _whole_rest(proposal)

    def too_cheap(self, proposal: Proposal) -> bool:
        instrument = proposal.terms.holding.instrument
        if instrument is None or instrument.min_notional is None or proposal.notional is None:
            return False
        return proposal.notional < instrument.min_notional and not _whole_rest(proposal)


def _whole_rest(proposal: Proposal) -> bool:
    terms = proposal.terms
    return proposal.exempt and proposal.quantity == floored(terms, terms.exit_room)
