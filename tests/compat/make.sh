#!/bin/bash
# Makes every file of this folder anew, and answers.json with what the command answers from them.
# usage: make.sh GUSTO     The files here were made by gusto of commit 4738512; see README.md before you make others.
set -euo pipefail
gusto=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# films: 24 people and 51 films with short titles, one of them never rated; an age is missing, a title has a comma.
"$gusto" simulate --users 24 --items 50 --events 480 --seed 7 --out plots > simulate.log
sed -i -E '2,$s/,"?The [^ ]+ [^ ]+ of /,/' plots/movies.csv
sed -i -e 's/^3,Pita /3,"Pità, La /' -e '/^3,/s/)/)"/' plots/movies.csv
echo '51,Nova (2001),Drama|Comedy' >> plots/movies.csv
sed -i -E 's/^(5,[MF]),[0-9]+,/\1,,/' plots/users.csv
mkdir films && cp plots/{ratings,movies,users}.csv films
# more: enough films for a graph of them; some have no events.
"$gusto" simulate --users 40 --items 200 --events 1000 --seed 8 --out more >> simulate.log
sed -i -E '2,$s/,"?The [^ ]+ [^ ]+ of /,/' more/movies.csv
rm more/item_texts.csv more/users.csv
# log.tsv: a log without titles: ids that are not ASCII, kinds of events, ISO times; shops.csv describes what is in it.
# pairs.txt: who has what, without values or times.
python3 - <<'PYTHON'
import csv, datetime
rows = list(csv.DictReader(open("films/ratings.csv")))
with open("log.tsv", "w") as log, open("pairs.txt", "w") as pairs:
    print("who", "what", "kind", "when", sep="\t", file=log)
    for row in rows:
        time = datetime.datetime.fromtimestamp(int(row["timestamp"]), datetime.timezone.utc)
        kind = "buy" if float(row["rating"]) >= 4 else "view"
        print("käufer-" + row["userId"], "№" + row["movieId"], kind, f"{time:%Y-%m-%d %H:%M:%S}", sep="\t", file=log)
        print(row["userId"], row["movieId"], sep="\t", file=pairs)
with open("shops.csv", "w") as shops:
    print("code;price;shelf", file=shops)
    for n in range(1, 46):
        print(f"№{n}", "" if n % 7 == 0 else 1.5 * n, "upper|middle" if n % 3 else "lower", sep=";", file=shops)
PYTHON

log=(log.tsv --columns user=who,item=what,kind=kind,time=when --weights view=1,buy=3 --half-life 2y --duplicates sum
     --item-features shops.csv)

# train NAME MODEL DATA [options…]
train() {
  local name=$1 model=$2
  shift 2
  "$gusto" train "$@" --model "$model" --seed 11 --threads 2 --quiet --out "$name.gusto" >> train.log
}
# Of networks: small and quick.
small=(--set dim=4 --set epochs=4 --set batch_size=64)

"$gusto" convert plots films.gdata --quiet --since 2001-01-01 --min-user-events 8 --min-item-events 3 > convert.log
"$gusto" convert "${log[@]}" log.gdata --quiet >> convert.log

train popularity popularity films --task top-n --set method=recent --set window_days=800
train popularity-ratings popularity films --set method=weighted-rating --set prior_count=5
train demographic demographic films --task top-n --set shrinkage=10 --set "segments=gender, age, gender*age"
train demographic-genres demographic films --task ratings --set smoothing_feature=genres --set shrinkage=5
train bias bias films.gdata --split random:0.2
train content content plots --task top-n --since 2001-01-01
train content-ridge content films --task ratings --set method=ridge --set "fields=auto, genres=2"
train user-knn user-knn films --set neighbors=10 --set similarity=pearson --min-user-events 8
train user-knn-log user-knn "${log[@]}" --task top-n
train item-knn item-knn films.gdata --task top-n --split last:1 --set neighbors=8
train item-knn-ratings item-knn films --set neighbors=6 --set stored_neighbors=12 --set similarity=adjusted-cosine
train svd svd films --task top-n --set dim=6 --positives 3 --min-user-events 5
train svd-ratings svd films --set dim=4
train svd-hnsw svd more --task top-n --set dim=6
train random-walk random-walk films --positives 4 --min-user-events 2 --task top-n --set neighbors=12
train slim slim pairs.txt --task top-n --set reg=1 --set reg_l1=0.5
train ease ease films --task top-n --set reg=20 --min-item-events 4
train graph graph films --task top-n --set dim=6 --set sharpen_steps=2
train biased-mf biased-mf films.gdata --split random:0.1 --set dim=4 --set epochs=12
train biased-mf-top-n biased-mf films --task top-n --set dim=4 --set epochs=12
train als als films --set dim=4 --set epochs=5
train als-top-n als "${log[@]}" --task top-n --set dim=4 --set epochs=5 --set biases=false
train bayes-fm bayes-fm films --set dim=2 --set epochs=12 --set samples=3
train bayes-fm-likes bayes-fm films --task likes --like-threshold 3.5 --set dim=2 --set epochs=12 --set samples=2
train svdpp svdpp films --set dim=4 --set epochs=8
train svdpp-asymmetric svdpp films --set dim=4 --set epochs=8 --set asymmetric=true
train ials ials films --task top-n --set dim=4 --set epochs=4 --set reg=0.05 \
  --set "item_fields=genres, bucket(year, 3)" --set user_fields=auto
train bpr bpr films --task top-n --set dim=4 --set epochs=10 --set sampling=warp
train embedding-dot embedding-dot films --task likes "${small[@]}" --set learning_rate=0.05
train embedding-bias embedding-bias films "${small[@]}" --set learning_rate=0.05 --set init=0.2
train embedding-product embedding-product films "${small[@]}" --set biases=true --set hidden=5 --set loss=absolute
train embedding-dense embedding-dense films --set dim=4 --set epochs=12 --set batch_size=32 --set hidden=10-6 \
  --set learning_rate=0.01 --set init=0.5 --set validation=0 --set input_dropout=0 --set dropout=0
train feature-dense feature-dense films --like-threshold 3 "${small[@]}" --set hidden=6 --set learning_rate=0.02
train wide-deep wide-deep films --task likes "${small[@]}" --set hidden=6 --set wide_buckets=100 \
  --set learning_rate=0.02
train cosine cosine films --task likes --like-threshold 3.5 "${small[@]}" --set learning_rate=0.05
train deepfm deepfm films --task top-n "${small[@]}" --set hidden=6 --set learning_rate=0.02 \
  --set "fields=user, item, genres, bucket(age, 3), gender"
fields="user, item, words(plot, 40), hash(title, 16), time.month, bucket(year, 3), history.count, history.mean"
train network network plots "${small[@]}" --set interaction=cross --set cross_layers=2 --set hidden=5 \
  --set normalization=batch --set activation=gelu --set learning_rate=0.02 \
  --set "fields=$fields" --set "wide=genres, cross(gender, genres, 50)"
train network-layer network films --task top-n "${small[@]}" --set interaction=fm --set hidden=5-4 \
  --set normalization=layer --set loss=bpr --set "fields=user, item, genres, history(10, value)"
train two-tower two-tower films --task top-n "${small[@]}" --set learning_rate=0.02 --set item_hidden=5 \
  --set "query_fields=auto, time.weekday, rated(20, value)" --set "item_fields=auto, words(title, 30)"
train softmax softmax films --task top-n "${small[@]}" --set learning_rate=0.02 --set query_hidden=6
train sequential sequential films --task top-n --set dim=4 --set epochs=4 --set blocks=2 --set heads=2 \
  --set hidden=6 --set length=12 --set learning_rate=0.02
train sequential-log sequential "${log[@]}" --task top-n --set dim=4 --set epochs=3 --set blocks=1 --set hidden=4 \
  --set length=8 --set loss=binary --set sampling=popularity --set negatives=8 --set like_threshold=1

"$gusto" index svd.gusto --kind int8 --quiet > index.log
"$gusto" index svd-hnsw.gusto --kind hnsw --quiet >> index.log
"$gusto" index biased-mf.gusto --kind exact --quiet >> index.log
"$gusto" index bpr.gusto --kind hnsw --quiet >> index.log
"$gusto" index two-tower.gusto --kind int8 --quiet >> index.log
"$gusto" index sequential.gusto --kind exact --quiet >> index.log

rm -f "$here"/*.gusto "$here"/*.gdata
cp ./*.gusto ./*.gdata "$here"
python3 "$here/check.py" "$gusto" --record
