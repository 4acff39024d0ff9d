"""Whether detector and recognizer read a drawn line here."""

import easyocr
import numpy
from easyocr_en_models import model_dir
from PIL import Image, ImageDraw, ImageFont

picture = Image.new("RGB", (480, 120), "white")
ImageDraw.Draw(picture).text((40, 30), "AIRGAP 2026", fill="black", font=ImageFont.load_default(size=48))
reader = easyocr.Reader(
    ["en"], gpu=False, model_storage_directory=model_dir(), download_enabled=False, verbose=False
)
read = " ".join(text for _, text, _ in reader.readtext(numpy.array(picture)))
print(f"easyocr read {read!r}")
if "AIRGAP" not in read.upper():
    raise SystemExit("AIRGAP 2026 was drawn, and something else was read")
