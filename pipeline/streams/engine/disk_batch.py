"""Changes of a state as one write: all of it is on the disk, or nothing.

Apart from application.py because it knows RocksDB alone.
"""

from collections.abc import Mapping

from rocksdict import ColumnFamily, WriteBatch

__all__ = ["Changes", "batch_of"]

Changes = Mapping[bytes, bytes | None]  # By key; None deletes one.


def batch_of(changes: Changes, family: ColumnFamily) -> WriteBatch:
    """Return the write of these keys to a column family."""
    batch = WriteBatch(raw_mode=True)
    for key, value in changes.items():
        if value is None:
            batch.delete(key, family)
        else:
            batch.put(key, value, family)
    return batch
