"""Where and how does the model run meanwhile? On one device, in eval mode, and afterwards as before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import torch
from torch import nn

from embedding_second_opinion.data.embeddings import InputError


@contextmanager
def in_eval_mode(model: nn.Module) -> Iterator[None]:
    """Eval mode; then every module's own training flag again.

    model.train() would not do: of a network with frozen parts some modules train and some do not.
    """
    flags = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        yield
    finally:
        # Through the method too: some modules change weights there and change them back.
        model.train(flags[0][1])
        for module, flag in flags:
            module.training = flag


@contextmanager
def on_device(model: nn.Module, device: torch.device) -> Iterator[None]:
    """The model on ``device``, and then where it was. One that lies on several devices stays."""
    homes = _homes(model)
    moves = len(homes) == 1 and homes != {device}
    try:
        if moves:
            model.to(device)
        yield
    finally:
        if moves:
            model.to(next(iter(homes)))


def chosen_device(model: nn.Module, wanted: str | torch.device | None) -> torch.device:
    """The device to compute on: ``wanted``, else where the model is, else the best there is.

    A model on several devices (model parallel) takes its input on the first parameter's.
    """
    homes = _homes(model)
    if torch.device("meta") in homes:
        raise InputError("the model has no weights: they are on the device 'meta'. Load them.")
    if len(homes) > 1:
        if wanted is not None:
            listed = f"{len(homes)} devices ({', '.join(sorted(map(str, homes)))})"
            raise InputError(
                f"the model lies on {listed} and cannot be moved to {wanted}. Leave out device."
            )
        return next(chain(model.parameters(), model.buffers())).device
    if wanted is not None:
        return _existing(wanted)
    home = next(iter(homes), torch.device("cpu"))
    if home.type != "cpu":
        return home
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    double = any(t.dtype == torch.float64 for t in chain(model.parameters(), model.buffers()))
    if torch.backends.mps.is_available() and not double:  # mps holds no float64
        return torch.device("mps")
    return home


def remarks(model: nn.Module) -> list[str]:
    """What eval mode does not mend."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    count = sum(m.running_mean is None for m in norms)
    said = (
        "batch normalisations keep no running statistics: a vector depends on the batch it is in."
    )
    return [f"{count} {said}"] if count else []


def _homes(model: nn.Module) -> set[torch.device]:
    return {tensor.device for tensor in chain(model.parameters(), model.buffers())}


def _existing(wanted: str | torch.device) -> torch.device:
    try:
        device = torch.device(wanted)
        torch.empty(0, device=device)  # "cuda" is a fine name on a machine without one
    except (RuntimeError, AssertionError, NotImplementedError):
        raise InputError(
            f"device {str(wanted)!r} is not there. Leave it out, or give 'cpu'."
        ) from None
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return device
