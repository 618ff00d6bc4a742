package corpus

import (
	"embed"
	"math/bits"
	"strings"
)

//go:embed data/*.txt
var data embed.FS

// lines reads one of the word lists. They are part of the program, so a
// missing one is a fault of the build.
func lines(name string) []string {
	b, err := data.ReadFile("data/" + name)
	if err != nil {
		panic("corpus: " + err.Error())
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// rank draws a rank below n with about the weight 1/(rank+4). It counts in
// integers, so that every machine draws the same.
func (r *random) rank(n int) int {
	const shift = 4
	octaves := bits.Len(uint((n + shift - 1) / shift))
	for {
		low := shift << r.IntN(octaves)
		if k := low + r.IntN(low) - shift; k < n {
			return k
		}
	}
}

var (
	surnames        = lines("surnames.txt")
	givenNames      = lines("given.txt")
	surnameReadings = lines("surname_readings.txt")
	givenReadings   = lines("given_readings.txt")
	cities          = lines("cities.txt") // prefecture, tab, county and municipality
	rareEnglish     = lines("english.txt")
	englishGiven    = lines("english_given.txt") // lower case, like the surnames
	englishSurnames = lines("english_surnames.txt")
)

// Names lists the place names and names of persons that C2 is made of: 47
// prefectures, every municipality, 10,000 surnames and 10,000 given names, each
// once.
func Names() []string {
	var all []string
	seen := map[string]bool{}
	add := func(w string) {
		if !seen[w] {
			seen[w] = true
			all = append(all, w)
		}
	}
	for _, c := range cities {
		prefecture, _, _ := strings.Cut(c, "\t")
		add(prefecture)
	}
	for _, c := range cities {
		_, city, _ := strings.Cut(c, "\t")
		if i := strings.Index(city, "郡"); i > 0 && i+len("郡") < len(city) {
			city = city[i+len("郡"):]
		}
		add(city)
	}
	for _, w := range surnames {
		add(w)
	}
	for _, w := range givenNames {
		add(w)
	}
	return all
}

// english are words by frequency: the usual ones by hand, then rare ones.
var english = append(strings.Fields(`the of and to in is a for it as was with be by on not that this are or
	have from an had they which one you were all there would their been has when who will more no if out so
	said what up its about into than them can only other new some could time these two may then do first any
	now such like our over most made after also did many before must through back where much way down should
	because each just those people how too little state good very make world still own see work long get here
	between both under never same another know while last might us great old year off come since against right
	used take three file set name value type data number list code user page text line change option default
	return function string object class method error test build version release package install update remove
	added fixed support system option command server client request response header content length token key
	index table column row field record query result status message event handler request image button menu
	window dialog color width height size position format input output stream buffer memory thread process
	network address port host path folder directory root link source target branch commit merge issue report
	review comment author date license copyright section example note warning see also property attribute
	element node document style script media screen print layout margin padding border background display`),
	rareEnglish...)

// kanjiNouns are ordinary words of manuals and notices.
var kanjiNouns = strings.Fields(`設定 画面 操作 選択 表示 機能 場合 指定 保存 変更 追加 削除 処理 実行 情報 画像 範囲
	使用 確認 入力 文字 方法 作成 対象 状態 管理 登録 検索 開始 終了 結果 部分 必要 可能 初期 位置 移動 色 線 面 値 幅
	高さ 項目 一覧 内容 種類 名称 番号 設計 開発 環境 関数 変数 引数 定義 呼出 配列 要素 構造 構文 命令 記述 仕様 規則
	条件 比較 判定 計算 演算 数値 整数 形式 変換 出力 印刷 用紙 余白 行間 段落 見出 文書 資料 報告 記録 履歴 一時 自動
	手動 更新 停止 再開 待機 接続 切断 通信 送信 受信 転送 暗号 認証 権限 所有 共有 公開 制限 許可 拒否 警告 注意 失敗
	成功 完了 中断 復元 複製 貼付 切取 全体 個別 共通 固有 標準 拡張 互換 最新 以前 以上 以下 未満 最大 最小 平均 合計
	割合 比率 単位 秒 分 時間 期間 日付 曜日 年度 月末 週間 毎日 作業 業務 担当 組織 会社 部門 会議 議題 資産 費用 予算
	契約 取引 商品 製品 販売 購入 注文 出荷 在庫 価格 税 請求 支払 銀行 店 客 市場 競争 戦略 計画 目標 評価 改善 課題
	問題 原因 対策 効果 影響 変化 傾向 調査 研究 分析 実験 観察 理論 技術 科学 数学 物理 化学 生物 医学 病院 薬 患者 診察
	治療 健康 食事 運動 睡眠 教育 学校 学生 教師 授業 試験 成績 卒業 社会 政治 経済 法律 制度 政府 国民 選挙 憲法 裁判
	自然 環境 気候 温度 雨 風 雪 海 川 山 森 空 星 太陽 地球 宇宙 動物 植物 花 木 土 石 水 火 光 音 声 言葉 文章 物語
	小説 詩 歌 音楽 絵 写真 映画 劇 芸術 文化 歴史 伝統 宗教 思想 哲学 心理 感情 意識 記憶 経験 知識 能力 性格 関係
	友人 家族 子供 大人 男性 女性 人間 生活 住宅 部屋 台所 庭 道 駅 電車 自動車 飛行機 船 旅行 観光 地図 世界 国際 外国
	透明 領域 活性 解像度 輪郭 境界 階調 画素 合成 描画 塗装 回転 拡大 縮小 反転 変形 補正 調整 明度 彩度 濃度 効果 素材
	圧縮 展開 解凍 分割 結合 挿入 置換 並替 抽出 集計 統計 図表 棒 円 軸 座標 距離 角度 面積 体積 重量 速度 加速度 圧力`)

var katakanaNouns = strings.Fields(`ファイル フォルダー ウィンドウ メニュー ボタン オプション ツール レイヤー ダイアログ ページ
	データ プログラム コマンド システム サーバー クライアント ユーザー パラメーター エラー メッセージ テキスト フォント
	スタイル カーソル マウス キーボード クリック ドラッグ スクロール アイコン バージョン インストール ネットワーク
	プロトコル ポート アドレス ディレクトリ パス リンク ブラウザー サイト メール アカウント セキュリティ ライブラリ
	モジュール クラス オブジェクト メソッド プロパティ イベント スレッド プロセス メモリー キャッシュ バッファー
	ストリーム フィルター パターン テーブル カラム インデックス クエリー トランザクション グラフ シート セル
	カラー ブラシ キャンバス プレビュー サイズ モード レベル グループ リスト ヘッダー フッター ログ テスト デバッグ
	ビルド リリース パッケージ スクリプト ターミナル エディター プラグイン テンプレート サンプル ドキュメント ガイド
	サービス サポート プロジェクト スケジュール チーム マネージャー ミーティング レポート アンケート キャンペーン`)

var (
	verbStems    = strings.Fields(`使 選 開 閉 押 引 書 読 見 出 入 行 動 変 作 置 示 含 続 戻 始 終 呼 返 渡 受 送 取 付 切 消 足 増 減 上 下 進 止 待 持 知 思 考 求 決 異 違 合 用 表 現 与 得 残 落 起 加 外 組 比`)
	verbEndings  = strings.Fields(`います ります きます されます できます します いました れば って って いて いた った る る う く せる させます られています なければなりません えてください ることができます わない らない`)
	sahenEndings = strings.Fields(`します する して した されます される できます できません してください しました すると すれば しない されています させる`)
	particles    = strings.Fields(`の の の の の を を を を に に に は は は が が が で で と と も から まで より へ や などの による について として では には`)
	openers      = strings.Fields(`また ただし このとき たとえば そのため さらに なお しかし もし まず つぎに この場合 したがって ここで`)
	adverbs      = strings.Fields(`すべて それぞれ すでに もっとも とくに いつも ほとんど かなり まったく あらかじめ そのまま ふたたび この その どの ある`)
	closers      = strings.Fields(`です。 ます。 ません。 でしょう。 ことがあります。 ことになります。 ようになります。 ものとします。 とよいでしょう。`)
	acronyms     = strings.Fields(`HTML XML CSS PDF URL GIF PNG Linux Windows Ctrl Shift Alt OK ID IP TCP UTF API CPU RGB GUI FAQ config main print value default error null true list read write open close file`)
)
