package service

import (
	"net/http"
	"strings"
)

// graph knows Microsoft Graph's mail, OneDrive, SharePoint and Teams, and the
// addresses to which it sends uploads in pieces
// (learn.microsoft.com/graph/api).
func graph(r *Request) *Use {
	p := strings.TrimRight(r.Path, "/")
	end := p[strings.LastIndexByte(p, '/')+1:]
	u := &Use{Service: "OneDrive"}
	if site(r.Host) == "sharepoint.com" || strings.Contains(p, "/sites/") {
		u.Service = "SharePoint"
	}
	if r.Header["Content-Range"] != nil && r.Method == http.MethodPut {
		if u.ranged(r, "graph "+r.Host+r.Path+"?"+r.Query, true) {
			return u
		}
	}
	switch {
	case strings.EqualFold(end, "sendMail"), strings.Contains(p, "/messages/") && (end == "send" || end == "reply" || end == "replyAll" || end == "forward"):
		u.Service, u.Operation = "Outlook", SendMail
		u.outlook(r)
	case strings.Contains(p, "/teams/") && strings.Contains(p, "/channels/"), strings.Contains(p, "/chats/"):
		if !strings.Contains(p, "/messages") {
			return nil
		}
		u.Service, u.Operation = "Microsoft Teams", Post
	case strings.HasSuffix(p, "/messages"), strings.Contains(p, "/messages/") && r.Method != http.MethodDelete:
		u.Service, u.Operation = "Outlook", Draft
		u.outlook(r)
	case strings.HasSuffix(p, "/content") && r.Method == http.MethodPut:
		u.Operation = Upload
		u.file(itemName(strings.TrimSuffix(p, "/content")))
	case end == "createUploadSession" || strings.HasSuffix(p, "createUploadSession"):
		u.Operation = Upload
		u.file(itemName(strings.TrimSuffix(strings.TrimSuffix(p, "/createUploadSession"), "/microsoft.graph.createUploadSession")))
	case end == "createLink", end == "invite", strings.HasSuffix(p, "/permissions"):
		u.Operation = Share
		_ = skim(r.read(), func(path string, v []byte) {
			switch {
			case path == "scope":
				u.Public = string(v) == "anonymous"
			case strings.HasSuffix(path, ".email"):
				u.recipient(string(v))
			}
		})
	default:
		return nil
	}
	return u
}

// itemName is the name in a path such as /me/drive/root:/folder/file.txt:
func itemName(p string) string {
	if !strings.Contains(p, ":") {
		return ""
	}
	return base(strings.TrimSuffix(p, ":"))
}

// outlook takes recipients and attachments of a message in JSON, or in MIME
// and base64.
func (u *Use) outlook(r *Request) {
	if r.media("text/plain") {
		u.encoded(r.start(maxValue))
		return
	}
	err := skim(r.read(), func(path string, v []byte) {
		path = strings.ToLower(path)
		switch {
		case strings.HasSuffix(path, "recipients.emailaddress.address"):
			u.recipient(string(v))
		case strings.HasSuffix(path, "attachments.name"), path == "name", path == "attachmentitem.name":
			u.file(string(v))
		}
	})
	if err != nil || u.Operation == SendMail && len(u.Recipients) == 0 {
		u.Unclear = true
	}
}
