//! Real files in charsets from before UTF-8, from Debian packages that `scripts/setup` installs. `auto` decodes each
//! of them as `iconv` does, whole and under every cut.

use std::process::Command;

use crate::world::charset::{AUTO, decoded};
use crate::world::documents::repeatable;

const VIM: &str = "/usr/share/vim/vim90";

/// Charsets for `iconv`, each with files in it. The charset is the one that the file's name or its package gives, in
/// the variant of the WHATWG Encoding Standard.
const FILES: [(&str, &[&str]); 19] = [
    (
        "ISO-8859-1",
        &[
            "tutor/tutor.de",
            "tutor/tutor.fr",
            "tutor/tutor.es",
            "tutor/tutor.it",
            "tutor/tutor.pt",
            "tutor/tutor.sv",
            "tutor/tutor.da",
            "tutor/tutor.nl",
            "lang/menu_is_is.latin1.vim",
            "lang/menu_fi_fi.latin1.vim",
            "/usr/share/groff/1.22.4/tmac/hyphen.fr",
            "/usr/share/doc/groff-base/NEWS.gz",
            "/usr/share/doc/libpam0g/changelog.gz",
        ],
    ),
    (
        "ISO-8859-2",
        &[
            "tutor/tutor.cs",
            "tutor/tutor.pl",
            "tutor/tutor.sk",
            "tutor/tutor.hu",
            "lang/menu_sl_si.latin2.vim",
            "/usr/share/groff/1.22.4/tmac/hyphen.cs",
            "/usr/share/hyphen/hyph_pl_PL.dic",
        ],
    ),
    (
        "CP1250",
        &[
            "tutor/tutor.cs.cp1250",
            "tutor/tutor.pl.cp1250",
            "tutor/tutor.sk.cp1250",
            "tutor/tutor.hr.cp1250",
            "tutor/tutor.sr.cp1250",
        ],
    ),
    (
        "KOI8-R",
        &[
            "tutor/tutor.ru",
            "lang/menu_ru_ru.koi8-r.vim",
            "/usr/share/hyphen/hyph_ru_RU.dic",
        ],
    ),
    ("KOI8-U", &["lang/menu_uk_ua.koi8-u.vim"]),
    (
        "CP1251",
        &["tutor/tutor.ru.cp1251", "lang/menu_uk_ua.cp1251.vim"],
    ),
    ("ISO-8859-5", &["lang/menu_sr_rs.iso_8859-5.vim"]),
    ("ISO-8859-7", &["tutor/tutor.el"]),
    (
        "ISO-8859-9",
        &["tutor/tutor.tr.iso9", "lang/menu_tr_tr.iso_8859-9.vim"],
    ),
    ("CP1254", &["lang/menu_tr_tr.cp1254.vim"]),
    ("CP1257", &["/usr/share/hunspell/lt_LT.dic"]),
    ("ISO-8859-8", &["/usr/lib/aspell/he_affix.dat"]),
    (
        "EUC-JP",
        &["lang/menu_ja_jp.euc-jp.vim", "/usr/share/edict/kanjidic"],
    ),
    ("EUC-JP-MS", &["tutor/tutor.ja.euc"]),
    (
        "CP932",
        &["tutor/tutor.ja.sjis", "lang/menu_japanese_japan.932.vim"],
    ),
    (
        "CP949",
        &["tutor/tutor.ko.euc", "lang/menu_ko_kr.euckr.vim"],
    ),
    (
        "GBK",
        &[
            "tutor/tutor.zh.euc",
            "lang/menu_chinese_gb.936.vim",
            "/usr/share/doc/zh-autoconvert/examples/poem.gb",
        ],
    ),
    (
        "BIG5",
        &[
            "lang/menu_chinese_taiwan.950.vim",
            "/usr/share/doc/zh-autoconvert/examples/poem.big5",
        ],
    ),
    (
        "UTF-16BE",
        &["/usr/share/doc/zh-autoconvert/examples/poem.uni"],
    ),
];

/// Runs a command, and returns its standard output.
#[track_caller]
fn output(command: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(command).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command} {arguments:?}: {errors}");
    output.stdout
}

/// Returns the bytes of a file, and their text as `iconv` decodes them.
fn with_oracle(charset: &str, name: &str) -> (Vec<u8>, String) {
    let path = if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("{VIM}/{name}")
    };
    let source = if name.strip_suffix(".gz").is_some() {
        output("gzip", &["-dc", &path])
    } else {
        std::fs::read(&path).unwrap()
    };
    let file = std::env::temp_dir().join(format!("sluice-iconv-{}", std::process::id()));
    std::fs::write(&file, &source).unwrap();
    let text = output(
        "iconv",
        &["-f", charset, "-t", "UTF-8", file.to_str().unwrap()],
    );
    std::fs::remove_file(&file).unwrap();
    let text = String::from_utf8(text).unwrap();
    // Of these files, only UTF-16 has a byte order mark.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned();
    (source, text)
}

#[test]
fn real_files_in_legacy_charsets_decode_as_with_iconv_under_every_cut() {
    let (mut files, mut wrong) = (0, Vec::new());
    for (charset, names) in FILES {
        for name in names {
            let (source, text) = with_oracle(charset, name);
            assert!(!source.is_ascii(), "{name} is only ASCII");
            files += 1;
            let mut random = repeatable(source.len() as u64);
            let first = source.iter().position(|byte| !byte.is_ascii()).unwrap();
            let pieces = [source.len(), 1, 7, 4_096, first.max(1), first + 1];
            let random_pieces = [1 + random(2_000), 1 + random(40_000)];
            for piece_bytes in pieces.into_iter().chain(random_pieces) {
                match decoded(AUTO, &source, piece_bytes) {
                    Ok((found, _)) if found == text => {}
                    Ok((_, found)) => wrong.push(format!("{name} ({charset}) read as {found}")),
                    Err(fault) => wrong.push(format!("{name} ({charset}): {fault}")),
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "of {files} files:\n{}", wrong.join("\n"));
    assert!(files >= 30 && FILES.len() >= 12);
}

/// A bad byte in a long text does not change the charset that is detected.
#[test]
fn a_fault_in_a_real_double_byte_file_is_reported_in_its_charset() {
    for (charset, file) in [
        ("EUC-JP", "tutor/tutor.ja.euc"),
        ("Shift_JIS", "tutor/tutor.ja.sjis"),
        ("EUC-KR", "tutor/tutor.ko.euc"),
        ("GBK", "tutor/tutor.zh.euc"),
    ] {
        let mut source = std::fs::read(format!("{VIM}/{file}")).unwrap();
        let lines = source.iter().enumerate().skip(10_000);
        let line_end = lines
            .map(|(at, byte)| (at, *byte))
            .find(|(_, byte)| *byte == b'\n');
        let (at, _) = line_end.unwrap();
        source[at] = 0xFF;
        let fault = decoded(AUTO, &source, 1_000).unwrap_err();
        let expected = format!("byte {at} begins no character of {charset}");
        assert!(fault.to_string().starts_with(&expected), "{fault}");
    }
}
