package detect

import (
	"bytes"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// nameKind tells the words of a class apart; it stands in bits 8 to 15 of the
// payload, the word's dict.Info below it.
type nameKind uint32

const (
	nameKanji      nameKind = iota
	nameWhole               // a whole name in kanji
	nameSpaced              // a surname of one character and a space
	nameLabel               // a word that a name stands behind
	nameSino                // a surname of China or Korea that is seldom anything else
	nameLatinLabel          // words that a name in Latin letters stands behind, capitals or not
	nameSpread              // a surname of two characters with spaces behind both: 山 田
)

// leastSpread is the least weight of surnames that are looked for with spaces in them.
const leastSpread = 8

// Patterns implements Vocabulary.
func (names) Patterns() []match.Pattern {
	p := make([]match.Pattern, 0, 1<<16+1<<13) // about as many as there are
	add := func(text string, c Class, kind nameKind, info dict.Info) {
		p = append(p, match.Pattern{Literal: text, Payload: Payload(c, uint32(kind)<<8|uint32(info))})
	}
	for w, info := range dict.Surnames() {
		if len(w) == 3 && info.Weight() >= 7 {
			// Too short to be looked for, but not before a space: 林 太郎.
			add(w+" ", ClassSurname, nameSpaced, info)
		}
		if len(w) == 6 && info.Weight() >= leastSpread {
			for _, v := range nameVariants(w) {
				if len(v) == 6 {
					add(v[:3]+" "+v[3:]+" ", ClassSurname, nameSpread, info)
				}
			}
		}
		if len(w) >= 6 && (info.Doubt() < 3 || info.Weight() >= 8) {
			for _, v := range nameVariants(w) {
				add(v, ClassSurname, nameKanji, info)
			}
		}
	}
	for w, info := range dict.GivenNames() {
		if _, k, _ := nameAfter([]byte(w), 0); k == scriptKanji {
			add(w, ClassGiven, nameKanji, info)
		}
	}
	for w, info := range dict.WholeNames() {
		add(w, ClassGiven, nameWhole, info)
	}
	for _, w := range announcing {
		add(w, ClassHonorific, nameLabel, 0)
	}
	for w := range strings.FieldsSeq(sinoInProse) {
		add(w, ClassHonorific, nameSino, 0)
	}
	for _, w := range nameAfterWords.words {
		if w.weight >= 2 {
			add(w.text, ClassHonorific, nameKanji, 0)
		}
	}
	return p
}

// Heralds implements herald.
func (names) Heralds() []match.Pattern {
	var p []match.Pattern
	for _, w := range announcingLatin {
		p = append(p, cased(w, Payload(ClassHonorific, uint32(nameLatinLabel)<<8))...)
	}
	return p
}

// announcing are labels behind which names are looked for that no word of the
// vocabulary announces: in hiragana, and with surnames of one character.
var announcing = [...]string{"ふりがな", "よみがな", "氏名", "名前", "保護者", "担当", "担当者", "顧客", "お客様", "代表者", "契約者", "申込者", "患者", "生徒", "運転者", "運転者氏名", "患者氏名", "本人", "お名前",
	"長男", "長女", "次男", "次女", "三男", "三女"}

// announcingLatin stand before names that are perhaps written in small letters.
var announcingLatin = [...]string{"name is ", "name's ", "call me ", " mr. ", " mrs. "}

// oldForms are the characters that a modern one stands for in surnames.
var oldForms = strings.NewReplacer("高", "髙", "崎", "﨑", "浜", "濱", "辺", "邊", "斎", "齋", "沢", "澤",
	"広", "廣", "国", "國", "島", "嶋", "桜", "櫻", "竜", "龍", "滝", "瀧", "真", "眞", "富", "冨", "吉", "𠮷")

var otherForms = strings.NewReplacer("浜", "濵", "辺", "邉", "斎", "齊", "島", "嶌", "斉", "齊")

// varied are the characters that have such forms.
var varied = runeSet("高崎浜辺斎沢広国島桜竜滝真富吉斉")

// nameVariants lists w with the old forms of its characters.
func nameVariants(w string) []string {
	out := []string{w}
	if !strings.ContainsFunc(w, varied.has) {
		return out
	}
	for _, v := range []string{oldForms.Replace(w), otherForms.Replace(w)} {
		if v != w && v != out[len(out)-1] && dict.LookupJapanese([]byte(v)).Surname == 0 {
			out = append(out, v)
		}
	}
	return out
}

// nameAfterWords follow a name: honorifics, titles, professions. The number
// says how strongly, in log odds.
var nameAfterWords = newWordList(nameWeights(map[float32]string{
	3.0: "さん さま 氏 君 くん ちゃん 殿 様 容疑者 被告 受刑者 女史 夫妻 夫人 親方 さまへ 両氏",
	2.5: "選手 監督 投手 捕手 騎手 教授 准教授 助教授 名誉教授 博士 首相 元首相 議員 衆院議員 参院議員 知事 市長 町長 村長 区長 棋士 アナウンサー アナ" +
		" コーチ 弁護士 医師 社長 会長 先生 大統領 総理 総裁 党首 幹事長 官房長官 外相 財務相 防衛相 法相 書記長 主席 国家主席 元大統領 将軍 大佐 中佐 少佐 大将 中将 少将 元帥" +
		" 内野手 外野手 遊撃手 二塁手 三塁手 一塁手 巡査 警部 刑事 判事 検事 裁判長 記者 助教 講師 研究員 理事長 事務局長 委員長 局長 部長 課長 係長 次長 主任 専務 常務 取締役 副社長" +
		" 総理大臣 大臣 牧師 神父 師匠 八段 九段 七段 六段 五段 四段 三段 名人 竜王 王位 棋聖 親王 内親王 法親王 太夫 検校 和尚 上人 法師 尼 卿 公爵 侯爵 伯爵 子爵 男爵" +
		" 老人 先輩 後輩 マネージャー マネジャー リーダー ディレクター プロデューサー エンジニア チーフ キャプテン 顧問 相談役 教諭 教官 学長 総長 頭取 看護師 薬剤師 税理士 司法書士 行政書士 主査 主事 次官 老人 少年 少女 夫婦 兄弟 姉妹 父子 母子 容疑 総書記 国務長官 国防長官 大使 公使 領事 総領事 書記官 報道官 補佐官 県議 市議 町議 都議 区議 村議 陛下 殿下 閣下 団長 隊長 艦長 船長 機長 校長 園長 院長 館長 館員 所長 署長 支店長 店長 編集長 編集委員 特派員 アナリスト" +
		" 駅長 政務官 総務政務官 住職 環境相 文科相 厚労相 経産相 国交相 農相 総務相 死刑囚 被疑者 秘書官 枢機卿 大司教 副大統領 副会長 副議長 新監督 元監督 前監督 新社長 前社長 元社長 新会長 前会長 元会長 区議 氏ほか 本部長 室長 参事 理事 代表 代表取締役 監事 監査役 オーナー 後見人 容疑者ら さんら 氏ら",
	1.0: "天皇 上皇 皇后 自身 本人 死去 逮捕 著 訳 生誕 主演 名義 監修 編著 宅 あて 宛 宛て 曰く 皇帝 国王 女王 王子 王女 王妃 聖人 隊員 署員 団員 本人様 主将 棋聖戦",
	0.5: "同様 役 作 出演 没 誕生 当時 以下 両名 と共 一行 一家 家 ら 直筆",
}))

func nameWeights(m map[float32]string) map[string]float32 {
	out := map[string]float32{}
	for w, words := range m {
		for _, f := range strings.Fields(words) {
			out[f] = w
		}
	}
	return out
}

// nameTitle weighs the honorific or title that t, what follows a name, begins
// with. A space may stand before 様 and the like.
func nameTitle(t []byte) float32 {
	w, n := nameAfterWords.begins(t)
	if n > 0 {
		next, k, _ := nameAfter(t, n)
		if string(t[:n]) == "ちゃん" && (next == 'ぽ' || next == 'こ') {
			return 0 // ちゃんぽん, ちゃんこ
		}
		if n == 3 && k == scriptKanji && (w < 2 || string(t[:n]) == "様" && notHonorific.has(next)) {
			return 0 // 家具, 役所, 作業, 様式
		}
		return w
	}
	if len(t) > 3 && t[0] == ' ' {
		if w, n = nameAfterWords.begins(t[1:]); w >= 3 {
			if _, k, _ := nameAfter(t, 1+n); k != scriptKanji {
				return w - 0.5
			}
		}
	}
	return 0
}

// notHonorific are the characters before which 様 is no honorific.
var notHonorific = runeSet("式子相態々変")

// nameBeforeWords are nouns that a name follows directly: 俳優, 監督, 次男.
var nameBeforeWords = newWordEnds(`俳優 女優 歌手 声優 作家 画家 監督 選手 投手 教授 博士 首相 社長 会長 代表 議員 記者 弁護士 医師 写真家 作曲家 作詞家 脚本家 漫画家 小説家 詩人
 評論家 建築家 政治家 実業家 音楽家 指揮者 演奏家 学者 哲学者 物理学者 数学者 化学者 経済学者 武将 大名 家臣 長男 次男 三男 四男 長女 次女 三女 二男 二女 息子 娘 妻 夫 父 母 兄 弟 姉 妹 祖父 祖母 孫
 大統領 国王 皇帝 女王 王子 王女 将軍 天皇 公爵 侯爵 伯爵 総理 大臣 長官 知事 市長 委員長 書記長 主席 党首 総裁 幹事長 元首相 司会 主演 主人公 本名 旧姓 旧名 別名 通称 芸名 筆名 初代 二代目 三代目 先代
 担当 店員 無職 会社員 従業員 社員 部員 店長 オーナー コーチ アナウンサー タレント モデル アイドル ギタリスト ドラマー ベーシスト ボーカル プロデューサー デザイナー ディレクター カメラマン ジャーナリスト ピアニスト ヴァイオリニスト
 弁護人 代理人 被告 容疑者 棋士 騎手 力士 横綱 大関 親方 関脇 教諭 校長 助教授 准教授 講師 院長 所長 部長 課長 係長 主任 専務 常務 取締役 理事長 理事 隊長 艦長 船長 機長 監修 訳者 著者 作者 筆者 編者 発行人 編集長 夫人 盟友 愛人 恋人 友人 同僚 部下 上司 弟子 師匠 先輩 後輩
 創業者 創設者 設立者 発明者 開祖 当主 藩主 城主 領主 僧 僧侶 神父 牧師 宣教師 司教 聖人 聖 使徒 教皇 法王 殿 様 故 元 前 新 副 現 役 作 作曲 作詞 脚本 原作 編曲 撮影 振付 演出 指揮 主将 主宰 助監督 助手 患者 受取人 申請者 申込者 差出人 送付先 宛先 契約者 世帯主 代表者 責任者 被保険者 保護者 連絡先 氏名 名前 顧客`)

// nameNeverWords follow a name that is part of something else's name: 本田技研,
// 鈴木商店, 川崎病, 江戸時代.
var nameNeverWords = newWordList(nameWeights(map[float32]string{1: `株式会社 (株) (有) ㈱ 有限会社 合同会社 社 銀行 製作所 商店 商会 工業 産業 大学 高校 高等学校 中学 小学校 学園 学院 病院 医院 駅 市 区 町 村 県 郡 島 川 山 湖 城 寺 神社
 賞 杯 朝 流 派 時代 幕府 藩 線 道 通り 橋 港 空港 支店 営業所 工場 店 電機 電器 電鉄 製薬 建設 不動産 証券 生命 保険 自動車 重工 化学 食品 鉄道 新聞 放送 書店 出版 法 病 症 症候群 式 型 丸 国 地方 地区 地域 湾 半島 峠 岳 沼 池 谷 平野 盆地 街道
 技研 物産 商事 運輸 交通 急行 バス 組 会館 ビル 公園 球場 競馬場 記念 城下 本店 本社 支社 支部 周辺 方面 出身 在住 以南 以北 以東 以西 沖 沿岸 近郊 市内 府 都 州 連邦 協定 条約 宣言 事件 定理 方程式 法則 効果 関数 数 係数 分布 反応 現象 保育園 保育所 幼稚園 こども園 学校 施設 事務所 センター 公民館 児童館 クリニック 薬局 医療 歯科 整形 内科 外科 小児科 シリーズ グループ ホテル 財閥 本願寺 大社 天満宮 八幡宮 温泉 高原 海岸 ダム`}))

// nameNeverBefore reports whether t begins with such a word.
func nameNeverBefore(t []byte) bool {
	_, n := nameNeverWords.begins(t)
	return n > 0
}

// companyBefore are the words that a company's name follows.
var companyBefore = newWordEnds(`株式会社 有限会社 合同会社 合資会社 (株) (有) ㈱ ㈲ 財団法人 社団法人 学校法人 医療法人`)

// nameCompanyBefore reports whether t ends with one of them.
func nameCompanyBefore(t []byte) bool {
	_, n := companyBefore.ends(bytes.TrimRight(t, " "))
	return n > 0
}

func nameSet(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// nameBeforeWord reports whether t ends with a noun that a name follows.
func nameBeforeWord(t []byte) bool {
	_, n := nameBeforeWords.ends(t)
	return n > 0
}

// sinoSurnames are surnames of China and Korea (Kangxi forms as Japanese texts
// write them) that Japanese dictionaries of surnames seldom list.
var sinoSurnames = nameSet(`王 李 張 劉 陳 楊 趙 黄 周 呉 徐 孫 胡 朱 高 林 何 郭 馬 羅 梁 宋 鄭 謝 韓 唐 馮 于 董 蕭 程 曹 袁 鄧 許 傅 沈 曾 彭 呂 蘇 盧 蒋 蔡 賈 丁 魏 薛 葉 閻 余 潘 杜 戴 夏 鐘 汪 田 任 姜 范 方 石 姚 譚 廖 鄒 熊 金 陸 郝 孔 白 崔 康 毛 邱 秦 江 史 顧 侯 邵 孟 龍 万 段 雷 銭 湯 尹 黎 易 常 武 喬 賀 頼 龔 文 朴 安 申 洪 権 柳 全 裴 厳 蔣 習 温 鄒 諸葛 司馬 欧陽 夏侯 公孫 南宮 皇甫 上官 尉遅`)

// sinoInProse are those of them that begin few other words, so that they are looked
// for in prose.
const sinoInProse = `李 劉 趙 鄭 袁 朴 崔 孫 馮 鄧 蒋 蒙 姜 曹 郭 陳 盧 尹 薛 魏 蔡 呂 諸葛 司馬 欧陽 慕容 拓跋 耶律 完顔 夏侯 公孫`
