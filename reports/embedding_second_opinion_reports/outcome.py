"""Is a findings.json one of ours? Its schema, and the door by which one is read again."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from embedding_second_opinion.story.published import Outcome, PublishedFinding

__all__ = ["SCHEMA", "Outcome", "PublishedFinding", "made_by_us", "schema"]

SCHEMA = Path(__file__).with_name("findings.schema.json")


def made_by_us(findings_json: Path) -> bool:
    """Was this file written by this command, in a version whose files we know?"""
    try:
        Outcome.model_validate_json(findings_json.read_bytes())
    except (OSError, ValidationError):
        return False
    return True


def schema() -> str:
    """The JSON schema of findings.json; ``findings.schema.json`` is this text."""
    data = Outcome.model_json_schema(mode="serialization")
    data = {"$schema": "https://json-schema.org/draft/2020-12/schema", **data}
    return json.dumps(data, indent=2) + "\n"
