package docs_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
)

// Every link to a file of this repository finds it, and the heading in it.
func TestLinksOnPages(t *testing.T) {
	links := 0
	for page, text := range pages(t) {
		for _, link := range linksOf(text) {
			links++
			assert.NoError(t, checkLink(page, link), "%s: %s", page, link)
		}
	}
	assert.Greater(t, links, 40)
}

// linksOf returns the links of a page that do not lead out of the repository.
func linksOf(text string) (all []string) {
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
		if !regexp.MustCompile(`^[a-z]+:`).MatchString(m[1]) {
			all = append(all, m[1])
		}
	}
	return all
}

func checkLink(page, link string) error {
	path, anchor, _ := strings.Cut(link, "#")
	file := page
	if path != "" {
		file = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
	}
	if !filepath.IsLocal(file) {
		return errors.New("not in the repository")
	}
	if _, err := os.Stat(filepath.Join(root, file)); err != nil || anchor == "" {
		return err
	}
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return err
	}
	if !slices.Contains(anchorsOf(string(text)), anchor) {
		return errors.New("no such heading")
	}
	return nil
}

// anchorsOf returns what the headings of a page are called in links, as GitHub has it.
func anchorsOf(text string) (all []string) {
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	for _, m := range regexp.MustCompile(`(?m)^#+ +(.*)$`).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return all
}

func TestLinksAreChecked(t *testing.T) {
	for link, want := range map[string]string{
		"nothing.md":             "no such file",
		"guarantees.md#nothing":  "no such heading",
		"../../outside.md":       "not in the repository",
		"#faults":                "no such heading",
		"guarantees.md#faults":   "",
		"../examples/quickstart": "",
		"#types":                 "",
	} {
		if err := checkLink("docs/python.md", link); want == "" {
			assert.NoError(t, err, link)
		} else {
			assert.ErrorContains(t, err, want, link)
		}
	}
	assert.Equal(t, []string{"a.md"}, linksOf("[x](a.md)\n```go\nf[0](b)\n```\n[y](https://c.example)"))
	assert.Equal(t, []string{"loops-parmap", "in-c_1-too"}, anchorsOf("## Loops (`parmap`)\n```sh\n# no\n```\n# In C_1, too\n"))
}
