package service

import (
	"net/http"
	"strings"
)

// gitHub knows GitHub's REST and GraphQL interfaces (docs.github.com/rest) and
// what git itself sends there.
func gitHub(r *Request) *Use {
	u := &Use{Service: "GitHub"}
	switch p := r.Path; {
	case strings.HasSuffix(p, "/git-receive-pack"), strings.Contains(p, "/info/lfs/"):
		if u = git(r); u != nil {
			u.Service = "GitHub"
		}
		return u
	case strings.HasPrefix(r.Host, "uploads.") && strings.HasSuffix(p, "/assets"):
		u.Operation = Upload
		u.file(query(r).Get("name"))
	case !strings.HasPrefix(r.Host, "api."):
		return nil
	case strings.Contains(p, "/contents/") && r.Method == http.MethodPut:
		u.Operation = Push
		u.file(base(p))
	case strings.HasSuffix(p, "/git/blobs"), strings.HasSuffix(p, "/git/trees"), strings.HasSuffix(p, "/git/commits"):
		u.Operation = Push
		u.paths(r, "tree.path")
	case p == "/graphql":
		u.paths(r, "variables.input.fileChanges.additions.path")
		if len(u.Files) == 0 {
			return nil
		}
		u.Operation = Push
	case strings.HasPrefix(p, "/gists"):
		u.Operation = Upload
		_ = skim(r.read(), func(path string, v []byte) {
			name, ok := strings.CutPrefix(path, "files.")
			switch {
			case path == "public":
				u.Public = string(v) == "true"
			case ok && strings.HasSuffix(name, ".content"):
				u.file(strings.TrimSuffix(name, ".content"))
			}
		})
	case strings.HasSuffix(p, "/issues"), strings.HasSuffix(p, "/comments"), strings.HasSuffix(p, "/pulls"), strings.HasSuffix(p, "/reviews"):
		u.Operation = Post
	default:
		return nil
	}
	return u
}

// paths takes the names under a key.
func (u *Use) paths(r *Request, key string) {
	_ = skim(r.read(), func(path string, v []byte) {
		if path == key {
			u.file(base(string(v)))
		}
	})
}

// git knows a push over HTTP (git-scm.com/docs/http-protocol) and Git LFS's
// transfers (github.com/git-lfs/git-lfs/blob/main/docs/api), at any host.
func git(r *Request) *Use {
	u := &Use{Service: "Git", Operation: Push}
	switch {
	case strings.HasSuffix(r.Path, "/git-receive-pack"):
	case r.Method == http.MethodPut:
		u.Operation = Upload
	default:
		return nil
	}
	return u
}
