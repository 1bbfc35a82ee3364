"""Make a pod of each workload that comes in as JSON, so that admission looks at pods."""

import json
import sys

for workload in json.load(sys.stdin)["items"]:
    pod = workload["spec"]["template"] | {"apiVersion": "v1", "kind": "Pod"}
    pod["metadata"] |= {"name": workload["metadata"]["name"]}
    for claim in workload["spec"].get("volumeClaimTemplates", []):
        name = claim["metadata"]["name"]
        volume = {"name": name, "persistentVolumeClaim": {"claimName": name}}
        pod["spec"]["volumes"].append(volume)
    sys.stdout.write(f"---\n{json.dumps(pod)}\n")
