"""LangChain's and LlamaIndex's usual search: a question embedded by HuggingFaceEmbeddings, passages found by FAISS.

Runs in an environment of its own (`requirements/peer-search.txt`) and imports nothing of ours:
`python search.py LangChain|LlamaIndex FOLDER MODEL_FOLDER` prints its figures as JSON. The folder holds the passages,
their vectors by the same model, so that nothing is embedded twice, and the questions. Everything has its defaults.
"""

import json
import resource
import sys
import time
from pathlib import Path

import faiss
import numpy as np

K = 10  # passages of a search
WARM = 10  # questions before the clock runs


def langchain(texts, vectors, model):
    """A search by LangChain."""
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings

    embeddings = HuggingFaceEmbeddings(model_name=model)
    store = FAISS.from_embeddings(zip(texts, vectors.tolist(), strict=True), embeddings)
    return lambda question: store.similarity_search(question, k=K)


def llamaindex(texts, vectors, model):
    """A search by LlamaIndex."""
    from llama_index.core import StorageContext, VectorStoreIndex
    from llama_index.core.schema import TextNode
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.faiss import FaissVectorStore

    embedding = HuggingFaceEmbedding(model_name=model)
    nodes = [
        TextNode(text=text, embedding=vector)
        for text, vector in zip(texts, vectors.tolist(), strict=True)
    ]
    store = FaissVectorStore(faiss_index=faiss.IndexFlatL2(vectors.shape[1]))
    storage = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex(nodes, storage_context=storage, embed_model=embedding)
    return index.as_retriever(similarity_top_k=K).retrieve


def timed(search, question):
    """Milliseconds of one search."""
    started = time.perf_counter()
    found = search(question)
    taken_ms = (time.perf_counter() - started) * 1000
    if len(found) != K:
        sys.exit(f"{len(found)} passages were found, not {K}")
    return taken_ms


folder = Path(sys.argv[2])
build = {"LangChain": langchain, "LlamaIndex": llamaindex}[sys.argv[1]]
passages = json.loads((folder / "passages.json").read_text())
search = build(passages, np.load(folder / "vectors.npy"), sys.argv[3])
questions = json.loads((folder / "questions.json").read_text())
for question in questions[:WARM]:
    search(question)
searched = np.array_split(np.array(questions[WARM:]), 3)[0].tolist()
p50, p95 = np.percentile([timed(search, one) for one in searched], [50, 95]).tolist()
unit = 1e6 if sys.platform == "darwin" else 1e3
figures = {
    "searched": {"p50_ms": p50, "p95_ms": p95},
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit,
}
sys.stdout.write(json.dumps(figures) + "\n")
