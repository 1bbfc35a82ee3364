"""Nodes and volumes of the cluster that kwok pretends, as their kubelets and a cloud would."""

from collections.abc import Iterator

import yaml

from tests.chart.kube import run

ZONE = "topology.kubernetes.io/zone"
# Nodes of the first zone are large: but for the chart's wish they would draw every pod.
CORES = {"a": 16, "b": 4, "c": 4}
NODES = [f"{zone}{number}" for zone in CORES for number in (1, 2)]
VOLUMES = {"standard": 5, "fast": 5}  # Of each class in each zone.


def node(name: str) -> dict[str, object]:
    """Describe a node as its kubelet would."""
    zone = name[0]
    labels = {ZONE: zone, "kubernetes.io/hostname": name, "pool": "trading"}
    room = {"cpu": CORES[zone], "memory": f"{4 * CORES[zone]}Gi", "pods": 110}
    room["ephemeral-storage"] = "100Gi"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"capacity": room, "allocatable": room},
    }


def storage() -> Iterator[dict[str, object]]:
    """Describe volumes that each belong to a zone, as a cloud's do."""
    for name, count in VOLUMES.items():
        default = {"storageclass.kubernetes.io/is-default-class": str(name == "standard").lower()}
        yield {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name, "annotations": default},
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
        for zone in CORES:
            yield from (volume(f"{zone}-{name}-{number}", name) for number in range(count))


def volume(name: str, kind: str) -> dict[str, object]:
    """Describe a volume; its zone is the first letter of its name."""
    here = {"key": ZONE, "operator": "In", "values": [name[0]]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "20Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": kind,
            "local": {"path": "/state"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def apply(*manifests: dict[str, object]) -> None:
    """Put resources on the server."""
    run("kubectl", "apply", "--server-side", "-f", "-", text=yaml.safe_dump_all(manifests))
