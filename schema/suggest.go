package schema

import "strings"

// Suggest returns the name that the given one was probably meant to be, ""
// when none is near.
func Suggest(given string, names []string) string {
	best, least := "", len(given)/3+1
	for _, name := range names {
		d := distance(strings.ToLower(given), strings.ToLower(name))
		if d < least || d == least && best == "" {
			best, least = name, d
		}
	}
	return best
}

// distance counts the insertions, deletions and substitutions that lead from
// a to b.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range s {
		diagonal := row[0]
		row[0] = i + 1
		for j, u := range t {
			cost := diagonal
			if r != u {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(t)]
}
