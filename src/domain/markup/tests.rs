//! Bodies and the HTML that they become: what each kind of markup gives, what hostile text cannot do, and
//! what must hold of any text.

use proptest::prelude::*;

use super::{
    excerpt, plain_text,
    render::{CLEANER, UNBROKEN, render, with_breaks, written},
    scan::{TagName, decode_entities, html_tag},
    write::LINKS_MAX,
};

const REL: &str = " rel=\"nofollow ugc noopener\"";

/// The HTML of a body, checked to be safe, without the `rel` that every link has.
fn html(source: &str) -> String {
    let html = render(source).html;
    assert_is_safe(&html);
    html.replace(REL, "")
}

/// Only allowed tags without attributes, and links with an allowed address and their `rel`.
fn assert_is_safe(html: &str) {
    assert_eq!(
        CLEANER.clean(html).to_string(),
        html,
        "cleaning again changes something"
    );
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        if let Some(link) = tag.strip_prefix("a ") {
            let address = link.strip_prefix("href=\"").and_then(|link| link.strip_suffix(REL));
            let address = address
                .and_then(|address| address.strip_suffix('"'))
                .expect("href and rel alone");
            let address = decode_entities(address).to_ascii_lowercase();
            let allowed = ["http://", "https://", "mailto:"];
            assert!(allowed.iter().any(|start| address.starts_with(start)), "{address}");
        } else {
            let name = tag.strip_prefix('/').unwrap_or(tag);
            assert!(
                TagName::parse(name).is_some() && name == name.to_ascii_lowercase(),
                "<{tag}>"
            );
        }
    }
}

/// A list in a list in a list.
fn staircase(depth: usize) -> String {
    (0..depth)
        .flat_map(|depth| ["  ".repeat(depth), "- a\n".to_owned()])
        .collect()
}

fn letters(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).collect()
}

#[test]
fn markdown_becomes_the_allowed_tags() {
    for (source, expected) in [
        ("Bonjour", "<p>Bonjour</p>"),
        ("un\ndeux\n\ntrois", "<p>un<br>deux</p><p>trois</p>"),
        ("un  \ndeux\\\ntrois", "<p>un<br>deux<br>trois</p>"),
        (
            "*a* **b** ***c***",
            "<p><em>a</em> <strong>b</strong> <em><strong>c</strong></em></p>",
        ),
        ("# Titre\nsuite", "<p>Titre</p><p>suite</p>"),
        ("Titre\n---\nsuite", "<p>Titre</p><p>suite</p>"),
        ("a\n\n***\n\nb", "<p>a</p><p>***</p><p>b</p>"),
        (
            "> cité\n> encore\n\nréponse",
            "<blockquote><p>cité<br>encore</p></blockquote><p>réponse</p>",
        ),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("1986. Une grande année", "<p>1986. Une grande année</p>"),
        ("1. a\n3. b\n\nc", "<p>1. a</p><p>3. b</p><p>c</p>"),
        ("- x\n  - 4) a", "<ul><li>x<ul><li><p>4) a</p></li></ul></li></ul>"),
        ("`a < b` et ``c`d``", "<p><code>a &lt; b</code> et <code>c`d</code></p>"),
        ("```\na\n\n*b*\n```", "<pre><code>a\n\n*b*\n</code></pre>"),
        ("```rust\nlet a;\n```", "<pre><code>rust\nlet a;\n</code></pre>"),
        (
            "| a | b |\n|---|---|\n| c | d |",
            "<p>| a | b |<br>|---|---|<br>| c | d |</p>",
        ),
        ("~~a~~ [ ] x", "<p>~~a~~ [ ] x</p>"),
        (
            "\\*a\\* \\<b>c</b> \\\\<b>d</b>",
            "<p>*a* &lt;b&gt;c&lt;/b&gt; \\<b>d</b></p>",
        ),
        ("&lt;script&gt; &amp;amp; &copy;", "<p>&lt;script&gt; &amp;amp; ©</p>"),
        ("", ""),
        (" \n ", ""),
        ("#", "<p>#</p>"),
        ("<b></b>\n\n<br>", "<p>&lt;b&gt;&lt;/b&gt;<br><br>&lt;br&gt;</p>"),
    ] {
        assert_eq!(html(source), expected, "{source:?}");
    }
}

#[test]
fn the_mark_of_a_token_cannot_be_forged() {
    for source in [
        "⸎0⸎ ⸎⸎",
        "⸎<b>x</b> ⸎1⸎",
        "&#x2e0e;0&#11790; <b>x</b> &#x2E0E;",
        "&#11790;<b>x</b>&#11790;1",
    ] {
        let visible = plain_text(&html(source)).replace("⸎", "");
        let typed = source
            .replace("&#x2e0e;", "")
            .replace("&#x2E0E;", "")
            .replace("&#11790;", "");
        assert_eq!(
            visible.trim(),
            typed.replace("<b>", "").replace("</b>", "").replace('⸎', "").trim()
        );
    }
    assert_eq!(html("`⸎1⸎` <b>⸎</b>"), "<p><code>⸎1⸎</code> <b>⸎</b></p>");
}

#[test]
fn allowed_tags_count() {
    for (source, expected) in [
        (
            "<b>a</b> <I>b</i> <EM>c</EM> <strong>d</strong>",
            "<p><b>a</b> <i>b</i> <em>c</em> <strong>d</strong></p>",
        ),
        ("<p>un</p><p>deux</p>", "<p>un</p><p>deux</p>"),
        ("<p>un\n\n**deux**</p>", "<p>un</p><p><strong>deux</strong></p>"),
        ("a<br>b<br/>c<br />\nd", "<p>a<br>b<br>c<br>d</p>"),
        ("**Bonjour !**<br>suite", "<p><strong>Bonjour !</strong><br>suite</p>"),
        ("<b class=\"x\" onclick='y()' hidden>a</b>", "<p><b>a</b></p>"),
        ("<p style=\"color:red\">a", "<p>a</p>"),
        (
            "<blockquote>\n\n*a*\n\n</blockquote>b",
            "<blockquote><p><em>a</em></p></blockquote><p>b</p>",
        ),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        (
            "<ol>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ol>",
            "<ol><li>a<ul><li>b</li></ul></li></ol>",
        ),
        ("<ul>a<ul>b</ul></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("<b>un\n\ndeux</b>", "<p><b>un</b></p><p><b>deux</b></p>"),
        ("<b>a<i>b</b>c</i>", "<p><b>a<i>b</i></b><i>c</i></p>"),
        (
            "<pre>\n  a  *b*\n\n<b>c</b> &lt;</pre>",
            "<pre>  a  *b*\n\n<b>c</b> &lt;</pre>",
        ),
        (
            "<code>a*b*</code> <code>c*d*</code>",
            "<p><code>a*b*</code> <code>c*d*</code></p>",
        ),
        ("`<b>`a`</b>`", "<p><code>&lt;b&gt;</code>a<code>&lt;/b&gt;</code></p>"),
        ("    <b>x</b>", "<pre><code>&lt;b&gt;x&lt;/b&gt;</code></pre>"),
        (
            "<a href=\"https://e.fr\">x</a>",
            "<p><a href=\"https://e.fr\">x</a></p>",
        ),
        (
            "<A HREF=https://e.fr/?a=1&amp;b=2 target=_blank>x</A>",
            "<p><a href=\"https://e.fr/?a=1&amp;b=2\">x</a></p>",
        ),
        (
            "<a\nhref='https://e.fr'>x\n\ny</a>",
            "<p><a href=\"https://e.fr\">x</a></p><p><a href=\"https://e.fr\">y</a></p>",
        ),
        ("<a name=\"x\">y</a>", "<p>y</p>"),
    ] {
        assert_eq!(html(source), expected, "{source:?}");
    }
}

#[test]
fn every_other_tag_is_shown_as_typed() {
    let sources = r#"
        a<b
        a < b > c
        a <b and c> d
        a <p and q> b
        x<y>z
        <script>alert(1)</script>
        <svg onload=alert(1)>
        <svg><style><g title="</style><img src=x onerror=alert(1)>">
        <math><mtext><table><mglyph><style><!--</style><img title="--&gt;x">
        <style>p{}</style>
        <!-- x -->
        <!-- x
        <?php echo 1 ?>
        <![CDATA[x]]>
        <!DOCTYPE html>
        <a href="
        <a href="x" y
        <a href='https://e.fr>x
        <b
        </b>
        </ b>
        <b/x
        <div>x</div>
        <h1>x</h1>
        <blockquote>x
        <li>x
        <bb>x</bb>
        <a@b.fr>
        <javascript:alert(1)>
        <data:text/html,x>
        <xmp>a</xmp> <noscript>b</noscript> <plaintext>c
        <template><textarea>a</textarea></template>
        <iframe srcdoc=x></iframe>"#;
    for source in sources.lines().skip(1).map(str::trim) {
        assert_eq!(
            plain_text(&html(source)).replace("--&gt;", "-->"),
            source.replace("--&gt;", "-->")
        );
    }
    assert_eq!(
        html("<script>**x**</script>"),
        "<p>&lt;script&gt;<strong>x</strong>&lt;/script&gt;</p>"
    );
    assert_eq!(html("<b>a</b></b>"), "<p><b>a</b>&lt;/b&gt;</p>");
    assert_eq!(
        html("- <b>a\n- b</b>"),
        "<ul><li>&lt;b&gt;a</li><li>b&lt;/b&gt;</li></ul>"
    );
}

#[test]
fn links_lead_to_allowed_addresses_only() {
    for (source, expected) in [
        ("[x](https://e.fr)", "<p><a href=\"https://e.fr\">x</a></p>"),
        (
            "[*x* y](https://e.fr/a_b_c)",
            "<p><a href=\"https://e.fr/a_b_c\"><em>x</em> y</a></p>",
        ),
        (
            "[x](https://e.fr \"titre\")",
            "<p><a href=\"https://e.fr\">x</a> (titre)</p>",
        ),
        ("[x](<https://e.fr/a>)", "<p><a href=\"https://e.fr/a\">x</a></p>"),
        (
            "[x](https://e.fr/?a=1&amp;b=2)",
            "<p><a href=\"https://e.fr/?a=1&amp;b=2\">x</a></p>",
        ),
        (
            "[x](https://fr.wikipedia.org/wiki/A_(b))",
            "<p><a href=\"https://fr.wikipedia.org/wiki/A_(b)\">x</a></p>",
        ),
        ("[x](mailto:a@e.fr)", "<p><a href=\"mailto:a@e.fr\">x</a></p>"),
        ("[x](www.e.fr)", "<p><a href=\"http://www.e.fr\">x</a></p>"),
        (
            "[](https://e.fr) [ ](https://f.fr)",
            "<p><a href=\"https://e.fr\">https://e.fr</a> <a href=\"https://f.fr\"> https://f.fr</a></p>",
        ),
        (
            "![alt](https://e.fr/a.png)",
            "<p><a href=\"https://e.fr/a.png\">alt</a></p>",
        ),
        (
            "![](https://e.fr/a.png)",
            "<p><a href=\"https://e.fr/a.png\">https://e.fr/a.png</a></p>",
        ),
        (
            "[![alt](a.png)](https://e.fr)",
            "<p><a href=\"https://e.fr\">alt</a></p>",
        ),
        ("[sic](enfin)", "<p>[sic](enfin)</p>"),
        ("![a](b.png \"c\")", "<p>![a](b.png \"c\")</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        (
            "[x](JaVa&#x09;script&#58;alert(1))",
            "<p>[x](JaVa\tscript:alert(1))</p>",
        ),
        ("[a](<data:text/html,x>)", "<p>[a](data:text/html,x)</p>"),
        (
            "[x][y]\n\n[y]: javascript:alert(1)",
            "<p>[x][y]</p><p>[y]: javascript:alert(1)</p>",
        ),
        (
            "[y]: https://e.fr",
            "<p>[y]: <a href=\"https://e.fr\">https://e.fr</a></p>",
        ),
        ("<a href=\"javascript&#58;alert(1)\">x</a>", "<p>x</p>"),
        ("<a href=\" java&#10;script:alert(1)\">x</a>", "<p>x</p>"),
        ("<a href=\"javascript&colon;alert(1)\">x</a>", "<p>x</p>"),
        ("<a href=\"//e.fr\">x</a><a href=/y>z</a>", "<p>xz</p>"),
        (
            "<a href=\"https://e.fr/&quot;onclick=x\">y</a>",
            "<p><a href=\"https://e.fr/%22onclick=x\">y</a></p>",
        ),
        (
            "[a [b](https://b.fr)](https://c.fr)",
            "<p>[a <a href=\"https://b.fr\">b</a>](<a href=\"https://c.fr\">https://c.fr</a>)</p>",
        ),
        (
            "<a href=https://a.fr>[b](https://b.fr)</a>",
            "<p><a href=\"https://a.fr\">[b](https://b.fr)</a></p>",
        ),
    ] {
        assert_eq!(html(source), expected, "{source:?}");
    }
}

#[test]
fn bare_urls_become_links() {
    let link = |url: &str| format!("<a href=\"{url}\">{url}</a>");
    for (source, before, url, after) in [
        ("voir https://e.fr/a.", "voir ", "https://e.fr/a", "."),
        ("(https://e.fr/a_(b))", "(", "https://e.fr/a_(b)", ")"),
        ("« https://e.fr »", "« ", "https://e.fr", " »"),
        ("«https://e.fr»!", "«", "https://e.fr", "»!"),
        ("https://e.fr/é…", "", "https://e.fr/é", "…"),
        ("https://e.fr/a_b_c*d*e", "", "https://e.fr/a_b_c*d*e", ""),
        ("**https://e.fr**", "<strong>", "https://e.fr", "</strong>"),
        ("<https://e.fr>", "", "https://e.fr", ""),
        ("HTTP://E.FR/x?", "", "HTTP://E.FR/x", "?"),
        ("&lt;https://e.fr&gt;", "&lt;", "https://e.fr", "&gt;"),
    ] {
        assert_eq!(
            html(source),
            format!("<p>{before}{}{after}</p>", link(url)),
            "{source:?}"
        );
    }
    assert_eq!(
        html("www.e.fr, oui"),
        "<p><a href=\"http://www.e.fr\">www.e.fr</a>, oui</p>"
    );
    for plain in ["xhttps://e.fr", "https://", "www.", "www.x", "http://.", "a@www.e.fr"] {
        assert_eq!(html(plain), format!("<p>{plain}</p>"));
    }
    assert_eq!(html("`https://e.fr`"), "<p><code>https://e.fr</code></p>");
    assert_eq!(html("<pre>https://e.fr</pre>"), "<pre>https://e.fr</pre>");
    assert_eq!(
        render("https://e.fr [x](https://e.fr) <a href=https://e.fr>y</a> `www.e.fr`").links,
        3
    );
}

#[test]
fn depth_is_bounded() {
    let quotes = |count: usize| format!("{}x{}", "<blockquote>".repeat(count), "</blockquote>".repeat(count));
    assert_eq!(html(&quotes(16)).matches("<blockquote>").count(), 16);
    let deep = html(&quotes(10_000));
    assert_eq!(deep.matches("<blockquote>").count(), 16);
    assert_eq!(deep.matches("&lt;blockquote&gt;").count(), 10_000 - 16);
    assert_eq!(
        html(&format!("{}x", ">".repeat(100))).matches("<blockquote>").count(),
        16
    );
    assert_eq!(
        html("- - - - - - - - - - - - - - - - - - -"),
        "<p>- - - - - - - - - - - - - - - - - - -</p>"
    );
    let bold = format!("{}x{}", "<b>".repeat(20), "</b>".repeat(20));
    assert_eq!(html(&bold).matches("<b>").count(), 16);
    let lists = staircase(30);
    assert_eq!(letters(&plain_text(&html(&lists))), "a".repeat(30));
}

#[test]
fn text_that_is_hard_on_parsers_grows_within_bounds() {
    // ␠ is a space, ↵ a newline.
    let pieces = "<blockquote> <b> <ul><li> >␠ > -␠ 1.␠ 1)␠ +␠ [ ] ![ [a]( [a](<b * **a␠ _ _a␠ ` `a ``` ~ < <a␠href=\" \
        <a␠href='x'> <b␠a= <!-- <? <![CDATA[ & &# &#x2e0e; ⸎ \\ | # #␠a↵ ( ) http:// http://a:! www. www.a.b␠ \
        https://a.b␠ a↵ >␠a↵ -␠a↵ ␠␠␠␠a↵ ↵ *a_␠ *a␠**a␠ </b> <b><i></b></i> <b>x<i>x</b>x</i>x <pre> <pre></pre> \
        <code> `<code> <p> <br> = a↵-↵ [a]: [a]:␠b↵ e\u{301} 🙂 \u{202e} : ! ' \" <li> [x](http://a.b) \
        <a␠href=http://a.b> </a> [![ ](http://a.b) **<b>";
    for piece in pieces.split_whitespace() {
        let piece = piece.replace('␠', " ").replace('↵', "\n");
        let count = 10_000 / piece.chars().count();
        let closings = piece
            .split('<')
            .skip(1)
            .map(|tag| format!("</{}", tag.trim_start_matches('/')));
        let mut sources = vec![
            piece.repeat(count),
            format!("{}x{}", piece.repeat(count), closings.collect::<String>().repeat(count)),
        ];
        if piece.starts_with(['>', '-', '+', '1', '#', ' ', 'a', '[', '<']) {
            sources.push(format!("{}\n{}", piece.repeat(count), "a\n".repeat(3_000)));
            sources.push(format!("{}a{}b", piece.repeat(count), "\n".repeat(5_000)));
        }
        for source in sources {
            let html = render(&source).html;
            assert!(html.len() < 50 * source.len() + 100, "{piece:?} grew to {}", html.len());
        }
    }
    let staircase = staircase(200);
    assert!(render(&staircase).html.contains("<li>a"));
    assert_eq!(render(&"[a](http://b) ".repeat(100_000)).links, LINKS_MAX);
}

#[test]
fn an_excerpt_is_cut_between_graphemes() {
    assert_eq!(excerpt("**Bonjour** à\n\ntous", 20), "Bonjour à tous");
    assert_eq!(excerpt("Bonjour à tous", 10), "Bonjour à…");
    assert_eq!(excerpt("ab👨‍👩‍👧cd", 5), "ab…");
    assert_eq!(excerpt("abcd", 0), "");
    assert_eq!(excerpt("a <script> &amp; b", 100), "a <script> & b");
}

#[test]
fn h1_a_long_text_reaches_the_cleaner_in_pieces_and_comes_out_whole() {
    for sign in ["&", "«", "\u{a0}", "<", ">", "\"", "é", "mot ", "a&«", "🥭"] {
        let run = sign.repeat(1_500 / sign.chars().count());
        for source in [
            run.clone(),
            format!("**{run}** et <code>{run}</code>"),
            format!("<pre>{run}</pre>"),
            format!("[{run}](https://e.fr/?a=1&b=2)"),
            format!("> - {run}\n\n1. {run}"),
        ] {
            let written = written(&source).html;
            let broken = with_breaks(&written);
            let longest = broken.split(['<', '>']).map(str::len).max();
            assert!(longest <= Some(UNBROKEN), "{sign:?}: {longest:?}");
            assert_eq!(
                CLEANER.clean(&broken).to_string(),
                CLEANER.clean(&written).to_string(),
                "{sign:?}"
            );
            assert_is_safe(&render(&source).html);
        }
    }
    let short = written("Un mot & *deux* « mots »").html;
    assert!(
        matches!(with_breaks(&short), std::borrow::Cow::Borrowed(_)),
        "most texts go as they are"
    );
}

#[test]
fn h1_an_excerpt_reads_the_beginning_of_a_body_only() {
    let long = "mot ".repeat(5_000);
    assert_eq!(excerpt(&long, 20), "mot mot mot mot mot…");
    // What is shown of it ends before the excerpt is full: more was there.
    let address = format!("[a](https://e.fr/{}) fin", "b".repeat(1_000));
    assert!(excerpt(&address, 20).ends_with('…'), "{}", excerpt(&address, 20));
    assert_eq!(excerpt(&format!("court{}", " ".repeat(10_000)), 20), "court");
}

/// Pieces that make a parser stumble, with words between them.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = "<b> </b> <i> </i> <p> </p> <br> <ul> </ul> <ol> <li> </li> </ol> <pre> </pre> <code> </code> \
        <blockquote> </blockquote> <a␠href=\"https://e.fr\"> <a␠href=javascript:x> </a> <a␠href=\" \"> <svg> </svg> \
        <math> <style> </style> <script> <!-- --> <![CDATA[ ]]> <template> <table> <select> <form> &lt; &#x2e0e; ⸎ \
        0⸎ &amp; & \\ ` `` ``` * ** _ [ ] ]( ](https://e.fr) ](javascript:x) ![ ) ( < > ↵ ↵↵ ␠␠␠␠ ⇥ >␠ -␠ 1.␠ 7)␠ \
        #␠ --- === : | https://e.fr/a www.e.fr mot été ␠ \" ' \u{202e} ␣ ␍ ␌ ␀";
    let show = |piece: &str| {
        let typed = piece
            .replace('␠', " ")
            .replace('↵', "\n")
            .replace('⇥', "\t")
            .replace('␣', "\u{a0}");
        typed.replace('␍', "\r").replace('␌', "\u{c}").replace('␀', "\0")
    };
    let piece = prop::sample::select(pieces.split_whitespace().map(show).collect::<Vec<_>>());
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_becomes_safe_html(source in prop_oneof![hostile(), any::<String>(), "[<>/a-z\"'=`*_\\[\\]()!#&;:\n -]{0,80}"]) {
        let rendered = render(&source);
        assert_is_safe(&rendered.html);
        prop_assert!(rendered.links <= rendered.html.matches("<a ").count());
        prop_assert_eq!(rendered.html.is_empty(), source.trim().is_empty());
        let _ = excerpt(&source, 30);
    }

    #[test]
    fn cleaning_swallows_no_text(source in hostile()) {
        let written = written(&source).html;
        let cleaned = CLEANER.clean(&written).to_string();
        prop_assert_eq!(plain_text(&cleaned), plain_text(&written));
        prop_assert_eq!(cleaned.matches('<').count(), written.matches('<').count());
    }

    #[test]
    fn every_word_of_a_text_without_tags_survives(source in "([A-Za-zé]{1,3}|[<>*_`~#|!?.,;(){}\\\\\\[\\]\"'+=:-]|[ \n]|\n\n|\t){0,60}") {
        prop_assume!(!source.contains("://") && html_free(&source));
        prop_assert_eq!(letters(&plain_text(&render(&source).html)), letters(&source));
    }

    #[test]
    fn every_word_of_a_foreign_tag_survives(before in "[a-z <>*\n]{0,10}", tag in "(script|svg|style|math|div|img|x)", rest in "[a-z ='\"/]{0,20}") {
        let source = format!("{before} <{tag} {rest}> fin </{tag}>");
        prop_assume!(html_free(&source));
        prop_assert_eq!(letters(&plain_text(&render(&source).html)), letters(&source));
    }
}

/// Whether no `<` begins an allowed tag.
fn html_free(source: &str) -> bool {
    source
        .match_indices('<')
        .all(|(at, _)| html_tag(&source[at..]).is_none())
}
