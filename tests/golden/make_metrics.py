#!/usr/bin/env python3
"""Makes metrics.json: small random cases with the values that other people's code gives.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 ranx==0.3.21
    venv/bin/python tests/golden/make_metrics.py > tests/golden/metrics.json

scikit-learn gives the errors, log loss, accuracy and the area under the curve. ranx gives the list metrics; where its
definition is another one, the formula is written out here with numpy:
  map         ranx divides by all test items, gusto by min(k, test items): ranx's value times
              test items / min(k, test items)
  recall-min  ranx has none: hits / min(k, test items)
DeLong's variance of the area is worked out here from all pairs. Sampled metrics are ranx's over each user's candidates;
the groups of folding are scipy's connected components.
"""

import json
import warnings

import numpy
import ranx
import sklearn
from scipy import sparse
from sklearn import metrics

warnings.filterwarnings("ignore")
generator = numpy.random.default_rng(20240229)


def rating_case(events):
    actual = generator.integers(1, 11, events) / 2
    predicted = numpy.float32(numpy.clip(actual + generator.normal(0, 1, events), 0.5, 5)).astype(float)
    return {
        "predicted": predicted.tolist(),
        "actual": actual.tolist(),
        "mse": metrics.mean_squared_error(actual, predicted),
        "rmse": metrics.root_mean_squared_error(actual, predicted),
        "mae": metrics.mean_absolute_error(actual, predicted),
    }


def likes_case(events, levels):
    """Scores take few levels, so that many tie."""
    liked = generator.random(events) < 0.4
    liked[:4] = [True, False, True, False]  # a variance needs two of each kind
    score = numpy.clip(numpy.round((generator.random(events) + 0.3 * liked) * levels) / levels, 0, 1)
    score = numpy.float32(score).astype(float)
    pairs = (score[liked][:, None] > score[~liked]) + 0.5 * (score[liked][:, None] == score[~liked])
    variance = pairs.mean(1).var(ddof=1) / liked.sum() + pairs.mean(0).var(ddof=1) / (~liked).sum()
    return {
        "score": score.tolist(),
        "liked": liked.astype(int).tolist(),
        "auc": metrics.roc_auc_score(liked, score),
        "delong_variance": variance,
        "log_loss": metrics.log_loss(liked, score, labels=[False, True]),
        "accuracy": metrics.accuracy_score(liked, score >= 0.5),
    }


def list_case(k, items, tests, length):
    test = generator.choice(items, tests, replace=False)
    ranked = generator.permutation(items)[:length]
    qrels = ranx.Qrels({"u": {str(item): 1 for item in test}})
    run = ranx.Run({"u": {str(item): float(length - rank) for rank, item in enumerate(ranked)}})
    names = {"hit-rate": "hit_rate", "precision": "precision", "recall": "recall", "ndcg": "ndcg", "map": "map",
             "mrr": "mrr"}
    found = ranx.evaluate(qrels, run, [f"{name}@{k}" for name in names.values()])
    values = {ours: float(found[f"{theirs}@{k}"]) for ours, theirs in names.items()}
    positions = [rank for rank, item in enumerate(ranked[:k]) if item in test]
    values["map"] *= tests / min(k, tests)
    values["recall-min"] = len(positions) / min(k, tests)
    return {"k": k, "test_items": tests, "positions": positions, "values": values}


def sampled_case(users, items, negatives, k):
    """Each user's one test item among given negatives; a whole ranking of the items says what is above what."""
    cases, qrels, run = [], {}, {}
    for user in range(users):
        candidates = generator.choice(items, negatives + 1, replace=False)
        rank = generator.permutation(items)
        qrels[str(user)] = {str(candidates[0]): 1}
        run[str(user)] = {str(item): float(items - rank[item]) for item in candidates}
        cases.append({"test": int(candidates[0]), "negatives": candidates[1:].tolist(), "rank": rank.tolist()})
    names = {"sampled-hit-rate": f"hit_rate@{k}", "sampled-ndcg": f"ndcg@{k}", "sampled-mrr": f"mrr@{k}"}
    found = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), list(names.values()))
    values = {ours: float(found[name]) for ours, name in names.items()}
    return {"k": k, "items": items, "users": cases, "values": values}


def folding_case(users, items, share, k):
    """Few events, so that there are several groups; rankings at random."""
    drawn = numpy.argwhere(generator.random((users, items)) < share)
    tested = generator.random(len(drawn)) < 0.4
    train, test = drawn[~tested], drawn[tested]
    graph = sparse.coo_matrix((numpy.ones(len(train)), (train[:, 0], users + train[:, 1])), (users + items,) * 2)
    group = sparse.csgraph.connected_components(graph, directed=False)[1]
    ranks = [generator.permutation(items) for _ in range(users)]
    differences = []
    for user in range(users):
        seen, wanted = train[train[:, 0] == user, 1], test[test[:, 0] == user, 1]
        if len(seen) == 0 or len(wanted) == 0:
            continue
        foreign = numpy.isin(numpy.arange(items), train[:, 1]) & (group[users:] != group[user])
        top = numpy.setdiff1d(numpy.arange(items), seen)
        top = top[numpy.argsort(ranks[user][top])][:k]
        differences.append(foreign[top].mean() - foreign[wanted].mean())
    return {
        "k": k, "items": items, "ranks": [rank.tolist() for rank in ranks],
        "train": train.tolist(), "test": test.tolist(), "value": float(numpy.mean(differences)),
    }


print(
    json.dumps(
        {
            "versions": {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__, "ranx": "0.3.21"},
            "ratings": [rating_case(n) for n in (1, 7, 60)],
            "likes": [likes_case(n, levels) for n, levels in ((4, 5), (30, 4), (80, 1000), (80, 8))],
            "lists": [
                list_case(k, 40, tests, length)
                for k, tests, length in ((1, 1, 40), (5, 3, 40), (10, 1, 40), (10, 4, 40), (10, 25, 40), (20, 12, 40),
                                          (10, 6, 7))
                for _ in range(3)
            ],
            "sampled": [sampled_case(12, 30, negatives, k) for negatives, k in ((9, 3), (20, 10), (4, 10))],
            "folding": [folding_case(14, 16, share, k) for share, k in ((0.08, 3), (0.1, 5), (0.12, 10))],
        },
        indent=1,
    )
)
