"""Small data sets in the place of large ones: a part of the embedded ratings, laid out as the published sets are."""

import csv
import pathlib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
EMBEDDED = HERE.parent.parent / "data/movielens-small"
USERS, FILMS = 60, 150
NAMED_USERS = {"7", "15", "42", "99"}
NAMED_FILMS = ("Toy Story (1995)", "Heat (1995)", "Clerks (1994)", "Jurassic Park (1993)", "Clueless (1995)",
               "Jaws (1975)", "Schindler's List (1993)", "E.T. the Extra-Terrestrial (1982)")


def part_of_embedded():
    """Events (user, film, rating, time) and films (id, title, genres): the most popular films, and those with names."""
    with open(EMBEDDED / "ratings.csv", encoding="utf-8") as file:
        events = [(r["userId"], r["movieId"], r["rating"], r["timestamp"]) for r in csv.DictReader(file)]
    with open(EMBEDDED / "movies.csv", encoding="utf-8") as file:
        films = {r["movieId"]: (r["title"], r["genres"]) for r in csv.DictReader(file)}
    counts = {}
    for _, film, _, _ in events:
        counts[film] = counts.get(film, 0) + 1
    kept = set(sorted(counts, key=lambda film: -counts[film])[:FILMS])
    kept |= {film for film, (title, _) in films.items() if title in NAMED_FILMS}
    users = []
    for user, *_ in events:
        if user not in users and (len(users) < USERS or user in NAMED_USERS):
            users.append(user)
    events = [e for e in events if e[0] in users and e[1] in kept]
    return events, {film: films[film] for film in films if film in kept}


def write_latest(folder, events, films):
    folder.mkdir(parents=True)
    with open(folder / "ratings.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("userId", "movieId", "rating", "timestamp"), *events])
    with open(folder / "movies.csv", "w", encoding="utf-8", newline="") as file:
        rows = [(film, title, genres) for film, (title, genres) in films.items()]
        csv.writer(file).writerows([("movieId", "title", "genres"), *rows])


def write_ml_1m(folder, events, films):
    folder.mkdir(parents=True)
    ratings = "".join(f"{u}::{f}::{max(1, int(float(r)))}::{t}\n" for u, f, r, t in events)
    titles = "".join(f"{f}::{title}::{genres}\n" for f, (title, genres) in films.items())
    users = dict.fromkeys(u for u, *_ in events)
    people = "".join(f"{u}::{'MF'[i % 2]}::{(18, 25, 35)[i % 3]}::{i % 21}::00000\n" for i, u in enumerate(users))
    (folder / "ratings.dat").write_text(ratings, encoding="latin-1")
    (folder / "movies.dat").write_text(titles, encoding="latin-1", errors="replace")
    (folder / "users.dat").write_text(people, encoding="latin-1")


def write_metadata(folder, films):
    folder.mkdir(parents=True)
    plots = ("A shark and a man meet at sea.", "Toys come to life when nobody looks.", "Dinosaurs escape on an island.")
    people = ("Ann Lee", "Bob Ray", "Cy Fox", "Dee Poe")
    lines = [f"{f}::{title}::1995::{('PG', 'R')[i % 2]}::1 Jan 1995::Drama::{people[i % 4]}::{people[(i + 1) % 4]}::"
             f"{people[(i + 2) % 4]}, {people[(i + 3) % 4]}::{plots[i % 3]}::http://posters/{f}\n"
             for i, (f, (title, _)) in enumerate(films.items())]
    (folder / "ml-1m-extrainfos.dat").write_text("".join(lines), encoding="utf-8")
    lines = [f"{f}\td{i % 4}\t{people[i % 4]}\n" for i, f in enumerate(films)]
    (folder / "movie_directors.dat").write_text("movieID directorID\tdirectorName\n" + "".join(lines), encoding="utf-8")


def zip_folder(folder, archive):
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(folder.iterdir()):
            out.write(file, f"{folder.name}/{file.name}")


def write_data(folder):
    """A folder for GUSTO_DATA, with sets of the names that examples have; returns the events and films."""
    events, films = part_of_embedded()
    for name in ("ml-100k", "ml-20m", "ml-25m", "ml-latest", "ml-latest-small", "small"):
        write_latest(folder / name, events, films)
    write_ml_1m(folder / "ml-1m", events, films)
    write_metadata(folder / "movie-metadata", films)
    return events, films
