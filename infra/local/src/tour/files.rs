//! Files to upload: the smallest that are what they say.

/// What a first registration asks for: the kind of attachment, and a name for its file.
pub const PAPERS: [(&str, &str); 4] = [
    ("photo", "证件照.jpg"),
    ("identity_card_front", "身份证正面.jpg"),
    ("identity_card_back", "身份证反面.jpg"),
    ("certificate_scan", "证书.pdf"),
];

/// A file for an attachment of `kind`: its media type and its bytes.
pub fn of_kind(kind: &str) -> (&'static str, Vec<u8>) {
    if kind == "certificate_scan" { ("application/pdf", pdf()) } else { ("image/jpeg", jpeg()) }
}

/// A JPEG of one grey pixel.
pub fn jpeg() -> Vec<u8> {
    const HEX: &str = "ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912\
        130f141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc0000b080001000101011100\
        ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b5100002010303020403050504040000017d\
        01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a34353637\
        38393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3\
        a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa\
        ffda0008010100003f00fbd3ffd9";
    hex::decode(HEX).unwrap_or_default()
}

/// A PDF of one empty page.
pub fn pdf() -> Vec<u8> {
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
      3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
        .to_vec()
}
