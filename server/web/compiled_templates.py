"""Templates as compiled once by this process, for every `Environment` in it."""

from __future__ import annotations

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_compiled: dict[str, bytes] = {}


class InMemory(BytecodeCache):
    """Keeps bytecode by name and content of the template. All environments have to read templates alike."""

    def load_bytecode(self, bucket: Bucket) -> None:
        code = _compiled.get(bucket.key + bucket.checksum)
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        _compiled[bucket.key + bucket.checksum] = bucket.bytecode_to_string()
