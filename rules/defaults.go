package rules

import (
	"embed"
	"io/fs"
	"path"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

//go:embed defaults/*.toml
var defaults embed.FS

// builtin reads the built-in rules. They are tested; a fault in them is a bug.
func builtin() []source {
	files, err := fs.Glob(defaults, "defaults/*.toml")
	if err != nil {
		panic("rules: " + err.Error())
	}
	var sources []source
	for _, name := range files {
		data, err := defaults.ReadFile(name)
		if err != nil {
			panic("rules: " + err.Error())
		}
		f, err := tomlfile.Parse("built-in/"+path.Base(name), data)
		if err != nil {
			panic("rules: " + err.Error())
		}
		sources = append(sources, source{file: f, builtin: true})
	}
	return sources
}
