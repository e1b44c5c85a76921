"""LangChain's usual chain over one folder: loaders, RecursiveCharacterTextSplitter, HuggingFaceEmbeddings, FAISS.

Runs in an environment of its own (`requirements/peer-langchain.txt`) and imports nothing of ours:
`python langchain_ingestion.py FOLDER MODEL_FOLDER MEAN_CHARS` prints its figures as JSON. Everything has its
defaults, but for the size of passages, which is chosen so that their mean length is MEAN_CHARS, and their
overlap, which is none, as ours is.
"""

import json
import resource
import sys
import time
from pathlib import Path

from langchain_community.document_loaders import BSHTMLLoader, PyPDFLoader, TextLoader
from langchain_community.vectorstores import FAISS
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

LOADERS = {
    ".html": lambda path: BSHTMLLoader(path, open_encoding="utf-8"),
    ".md": lambda path: TextLoader(path, encoding="utf-8"),
    ".pdf": PyPDFLoader,
    ".txt": lambda path: TextLoader(path, encoding="utf-8"),
}


def load(paths):
    """Every document of these files, one for each page of a PDF."""
    return [one for path in paths for one in LOADERS[path.suffix](str(path)).load()]


def split(documents, chunk_size):
    """Passages of these documents."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=chunk_size, chunk_overlap=0)
    return splitter.split_documents(documents)


def mean_chars(passages):
    """Their mean length."""
    return sum(len(one.page_content) for one in passages) / len(passages)


def fitting_size(documents, wanted):
    """The chunk size whose passages have this mean length."""
    low, high = wanted / 2, wanted * 8
    for _ in range(12):
        middle = (low + high) / 2
        if mean_chars(split(documents, int(middle))) < wanted:
            low = middle
        else:
            high = middle
    return int(high)


folder, model, wanted = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
paths = sorted(folder.iterdir())
embeddings = HuggingFaceEmbeddings(model_name=model)
embeddings.embed_documents(["The model is loaded before the clock starts."])
chunk_size = fitting_size(load(paths[:300]), wanted)

started = time.perf_counter()
passages = split(load(paths), chunk_size)
index = FAISS.from_documents(passages, embeddings)
seconds = time.perf_counter() - started

unit = 1e6 if sys.platform == "darwin" else 1e3
figures = {
    "seconds": seconds,
    "passages": index.index.ntotal,
    "mean_chars": mean_chars(passages),
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit,
}
sys.stdout.write(json.dumps(figures) + "\n")
