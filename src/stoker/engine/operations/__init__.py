"""Operations: small frozen values, each one change of a machine, that can be shown, compared, looked up and done."""

from stoker.engine.operations.operation import (
    Altered,
    Heading,
    Operation,
    Owner,
    Step,
    Touch,
    Undoable,
    quoted,
)

__all__ = ["Altered", "Heading", "Operation", "Owner", "Step", "Touch", "Undoable", "quoted"]
