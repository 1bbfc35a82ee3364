"""Values counted by bucket show what the metrics library shows of each by itself."""

from prometheus_client import CollectorRegistry, Histogram

from pipeline.streams.observe.observations import Observations

VALUES = (-1.0, 0.0, 0.25, 0.250001, 0.5, 1.0, 7.5)  # Below, at and above each bound.


def histogram(registry: CollectorRegistry) -> Histogram:
    """Return a histogram with two bounds."""
    return Histogram("waited_seconds", "-", ["on"], registry=registry, buckets=(0.25, 1))


def shown(registry: CollectorRegistry) -> list[tuple[str, dict[str, str], float]]:
    """Return all samples but when a series began."""
    samples = (each for metric in registry.collect() for each in metric.samples)
    return [(s.name, s.labels, s.value) for s in samples if not s.name.endswith("_created")]


def test_counted_values_show_the_same_as_observed_ones_when_they_are_flushed() -> None:
    counted, observed = CollectorRegistry(), CollectorRegistry()
    values, series = Observations(histogram(counted), "x"), histogram(observed).labels("x")

    for value in VALUES:
        values.add(value)
        series.observe(value)
    values.flush()

    assert shown(counted) == shown(observed)


def test_values_are_shown_once_when_they_are_flushed_twice() -> None:
    registry = CollectorRegistry()
    values = Observations(histogram(registry), "x")
    values.add(2.0)

    values.flush()
    values.flush()

    assert registry.get_sample_value("waited_seconds_sum", {"on": "x"}) == 2.0
    assert registry.get_sample_value("waited_seconds_count", {"on": "x"}) == 1


def test_no_series_is_shown_when_all_values_were_dropped() -> None:
    registry = CollectorRegistry()
    values = Observations(histogram(registry), "x")
    values.add(2.0)

    values.drop()
    values.flush()

    assert shown(registry) == []
