package service

import "strings"

// assistants names the makers by their hosts.
var assistants = map[string]string{
	"openai.com": "OpenAI", "anthropic.com": "Anthropic", "azure.com": "Azure OpenAI", "googleapis.com": "Gemini",
	"amazonaws.com": "Amazon Bedrock", "mistral.ai": "Mistral", "cohere.com": "Cohere", "x.ai": "xAI", "deepseek.com": "DeepSeek",
	"perplexity.ai": "Perplexity", "groq.com": "Groq", "openrouter.ai": "OpenRouter",
}

// assistant knows the chat interfaces of AI assistants: those of OpenAI, which
// many others speak, of Anthropic and of Gemini, and of Bedrock.
func assistant(r *Request) *Use {
	u := &Use{Service: assistants[site(r.Host)]}
	if u.Service == "" {
		u.Service = "AI assistant"
	}
	switch p := strings.TrimRight(r.Path, "/"); {
	case strings.HasSuffix(p, "/files"), strings.HasSuffix(p, "/uploads"), strings.Contains(p, "/uploads/"):
		u.Operation = Upload
		u.forms(r, func(string, []byte) {})
		return u
	case strings.HasSuffix(p, "/completions"), strings.HasSuffix(p, "/responses"), strings.HasSuffix(p, "/messages"),
		strings.HasSuffix(p, "/chat"), strings.HasSuffix(p, "/embeddings"), strings.HasSuffix(p, "/moderations"),
		strings.HasSuffix(p, "/invoke"), strings.HasSuffix(p, "/converse"), strings.HasSuffix(p, "-stream"),
		strings.Contains(p, "enerateContent"), strings.Contains(p, ":predict"):
	default:
		return nil
	}
	u.Operation = Prompt
	if r.media("multipart/") {
		u.forms(r, func(string, []byte) {})
		return u
	}
	_ = skim(r.read(), func(path string, v []byte) {
		for _, end := range []string{".filename", ".file_name", ".title", ".document.name"} {
			if strings.HasSuffix(path, end) {
				u.file(string(v))
			}
		}
	})
	return u
}
