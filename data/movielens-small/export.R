# Writes the data frame `movielens` of R's package dslabs in GroupLens' layout: Rscript export.R PACKAGE_FOLDER OUT_FOLDER
#
# dslabs joined GroupLens' two tables and cut "Title (year)" into two columns, so this undoes both. Rows are still in
# GroupLens' order. Films without a year lost their title on the way; their number stands in for it.
arguments <- commandArgs(trailingOnly = TRUE)
package <- new.env()
lazyLoad(file.path(arguments[1], "data", "Rdata"), envir = package, filter = function(name) name == "movielens")
movielens <- package$movielens

quoted <- function(text) {
  ifelse(grepl("[,\"]", text), paste0('"', gsub('"', '""', text, fixed = TRUE), '"'), text)
}
write_lines <- function(lines, name) {
  out <- file(file.path(arguments[2], name), open = "wb")
  writeLines(enc2utf8(lines), out, sep = "\n", useBytes = TRUE)
  close(out)
}

ratings <- movielens[order(movielens$userId), ]  # a stable sort
write_lines(c("userId,movieId,rating,timestamp",
              sprintf("%d,%d,%.1f,%d", ratings$userId, ratings$movieId, ratings$rating, ratings$timestamp)),
            "ratings.csv")

films <- movielens[!duplicated(movielens$movieId), ]
films <- films[order(films$movieId), ]
title <- ifelse(is.na(films$title), paste("Film", films$movieId), sprintf("%s (%d)", films$title, films$year))
write_lines(c("movieId,title,genres", paste(films$movieId, quoted(title), as.character(films$genres), sep = ",")),
            "movies.csv")
