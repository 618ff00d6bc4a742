package page

import "maps"

func init() { maps.Copy(dictionary, fleetWords) }

// fleetWords are those of the nodes of a fleet.
var fleetWords = map[string]pair{
	"fleet": {"ノード", "Nodes of the fleet"}, "fleet-node": {"ノード", "Node"}, "fleet-own": {"(この画面)", "(this console)"},
	"fleet-lead":  {"同じルールと集計で働くノード。申請の承認と警告の確認は、どのノードでも有効です。", "Nodes that act as one: what left is counted together, and releases and confirmed warnings hold on all."},
	"fleet-heard": {"最後の連絡", "Last heard of"}, "fleet-records": {"記録", "Records"}, "fleet-lag": {"未転送", "Not shipped"}, "fleet-untold": {"未通知", "Untold"}, "fleet-mode": {"モード", "Mode"},
	"fleet-elsewhere": {"ほかのノードの記録から読み、鎖を検査しました。証拠ファイルがあれば、そのノードにあります。", "Read from that node's shipped record, its chain checked. Evidence, if there is any, lies on that node."},
	"fleet-behind":    {"まだここに表示されていない記録の件数", "Records that are not shown here yet"},
	"fleet-silent":    {"連絡なし", "silent"}, "fleet-away": {"このノードはほかのノードと連絡が取れず、単独で動いています。つながり次第、追いつきます。開始:", "This node cannot reach the others and goes on alone; it catches up once it can. Since"},
}
