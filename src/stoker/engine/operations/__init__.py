"""Operations: small frozen values, each one change of a machine, that can be shown, compared, looked up and done."""

from stoker.engine.operations.operation import Heading, Operation, Owner, Step, Touch, quoted

__all__ = ["Heading", "Operation", "Owner", "Step", "Touch", "quoted"]
