# %% [markdown]
# # Demosaicking, explained
#
# A sensor measures one colour a pixel; a small network fills in the others. How good is it beside classic methods, how
# sure is it, and what was a pixel made of?

# %%
from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from unspool import image

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
OUT.mkdir(exist_ok=True)


photo = Path(__file__).parents[2] / "crates/unspool-cli/data/cat.png"  # any photo will do
truth: Any = np.round(255 * plt.imread(photo)[:, :, :3]).astype(np.uint8)
mosaic = image.mosaick(truth, cfa="rggb")

# %%
def psnr(a: Any) -> float:
    error = np.square(a[8:-8, 8:-8].astype(float) - truth[8:-8, 8:-8]).mean()
    return float(10 * np.log10(255**2 / error))


results = {name: image.demosaick(mosaic, method=name) for name in ("bilinear", "malvar", "menon", "lmmse", "learned")}
for name, result in results.items():
    print(f"{name:10} {psnr(result):6.2f} dB")

# %% [markdown]
# ## How sure it is, and what it looked at

# %%
pixels = [(115, 124), (48, 81)]
told = image.explain_demosaick(mosaic, pixels=pixels)
figure, axes = plt.subplots(2, 4, figsize=(14, 7), layout="constrained")
for ax, (title, picture) in zip(
    axes[0],
    [("truth", truth), ("bilinear", results["bilinear"]), ("learned", results["learned"])],
    strict=False,
):
    ax.imshow(picture[60:160, 70:170], interpolation="nearest")
    ax.set_title(title)
axes[0, 3].imshow(told.confidence, cmap="viridis", vmin=0, vmax=1)
axes[0, 3].set_title("confidence")
change = told.estimates[1] - told.estimates[0]
axes[1, 0].imshow(np.clip(0.5 + 8 * change, 0, 1))
axes[1, 0].set_title("what the network changed, x 8")
for ax, pixel, influence in zip(axes[1, 1:3], pixels, told.influence, strict=True):
    most = np.abs(influence[0]).max()
    ax.imshow(influence[0], cmap="RdBu", vmin=-most, vmax=most)
    ax.set_title(f"what the red of {pixel} is made of", fontsize=9)
axes[1, 3].axis("off")
for ax in axes.flat:
    ax.set_xticks([])
    ax.set_yticks([])
figure.savefig(OUT / "demosaicking.png", dpi=150)
