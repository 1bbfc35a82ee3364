"""The worker loop on quixstreams: state, changelog, offsets and outputs of one process."""
