package service

import (
	"net/url"
	"strings"
)

// slack knows Slack's Web API and incoming webhooks (api.slack.com/methods).
func slack(r *Request) *Use {
	u := &Use{Service: "Slack"}
	call := strings.TrimPrefix(r.Path, "/api/")
	switch {
	case r.Host == "hooks.slack.com", call == "chat.postMessage", call == "chat.update", call == "chat.scheduleMessage", call == "chat.meMessage", call == "chat.postEphemeral":
		u.Operation = Post
	case strings.HasPrefix(call, "files.upload"), strings.HasPrefix(call, "files.getUploadURLExternal"), strings.HasPrefix(r.Path, "/upload/"):
		u.Operation = Upload
	case strings.HasPrefix(call, "files.completeUpload"):
		u.Operation = Complete
	case call == "files.sharedPublicURL":
		u.Operation, u.Public = Share, true
	case call == "conversations.inviteShared":
		u.Operation = Share
	default:
		return nil
	}
	field := func(name string, v []byte) {
		switch name {
		case "filename", "files.title":
			u.file(string(v))
		case "emails":
			u.recipient(string(v))
		}
	}
	switch {
	case r.media("multipart/"):
		u.forms(r, field)
	case r.media("application/json"):
		_ = skim(r.read(), field)
	case r.media("application/x-www-form-urlencoded"):
		if form, err := url.ParseQuery(string(r.start(1 << 20))); err == nil {
			for k, vs := range form {
				for _, v := range vs {
					field(k, []byte(v))
				}
			}
		}
	}
	u.file(query(r).Get("filename"))
	return u
}
