package service

import "strings"

// chatwork knows Chatwork's interface (developer.chatwork.com/reference).
func chatwork(r *Request) *Use {
	u := &Use{Service: "Chatwork"}
	switch p := strings.TrimRight(r.Path, "/"); {
	case !strings.Contains(p, "/rooms/"):
		return nil
	case strings.HasSuffix(p, "/files"):
		u.Operation = Upload
		u.forms(r, func(string, []byte) {})
	case strings.HasSuffix(p, "/messages"), strings.Contains(p, "/messages/"), strings.HasSuffix(p, "/tasks"):
		u.Operation = Post
	default:
		return nil
	}
	return u
}
