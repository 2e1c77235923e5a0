//! Keys, ids that are IVs, and AES-128-CTR over a stream of chunks.
//!
//! Owns the one way in which an image is encrypted today (suite 0): the key is the first 16 bytes
//! of SHA-256 of the user's name, the IV is the image id, and the counter is all 128 bits of the
//! block, big endian, wrapping to zero (NIST SP 800-38A §6.5, as OpenSSL's `aes-128-ctr` does).
//! Encrypting and decrypting are the same operation.
//!
//! A key made from a name is a demonstration, not a secret: whoever knows the name has the key.
//! And CTR hides but does not protect: that nothing was changed is known by digests, elsewhere.
//! Nothing outside this file knows how a key comes to be.

use std::fmt;

use aes::Aes128;
use aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::id::{ImageId, UserName};

/// How many bytes the IV has, which stands before the ciphertext wherever it is kept.
pub const IV_BYTES: usize = 16;

/// How many bytes a key has.
const KEY_BYTES: usize = 16;

/// An AES-128 key; never printed, and overwritten when it is dropped.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    /// Makes the demonstration key of a user: the first 16 bytes of SHA-256 of the name.
    #[must_use]
    pub fn of_user(user: &UserName) -> Self {
        let digest: Zeroizing<[u8; 32]> = Zeroizing::new(Sha256::digest(user.as_str()).into());
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        key.copy_from_slice(&digest[..KEY_BYTES]);
        Self(key)
    }

    /// Makes a key of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// Encrypts or decrypts one image, chunk by chunk, keeping its position between chunks.
///
/// The key schedule and the rest of the last keystream block are overwritten when it is dropped.
pub struct Cipher(Ctr128BE<Aes128>);

impl Cipher {
    /// Makes the cipher of an image, at its first byte.
    #[must_use]
    pub fn new(key: &Key, image: ImageId) -> Self {
        Self(Ctr128BE::<Aes128>::new((&*key.0).into(), image.as_bytes().into()))
    }

    /// Encrypts or decrypts the next bytes in place; chunks may have any size.
    pub fn apply(&mut self, chunk: &mut [u8]) {
        self.0.apply_keystream(chunk);
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(redacted)")
    }
}

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system gives no random bytes for a new image id: {0}")]
pub struct RandomError(#[from] getrandom::Error);

/// Draws a new image id from the system's secure randomness.
///
/// The same key must never meet the same id with another content, hence 128 fresh bits.
///
/// # Errors
///
/// When the system has no source of randomness.
pub fn new_image_id() -> Result<ImageId, RandomError> {
    let mut bytes = [0; IV_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(ImageId::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The key of NIST SP 800-38A appendix F.5, also that of the wrap vectors.
    const NIST_KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";

    /// The four blocks of plain text of NIST SP 800-38A appendix F.
    const NIST_PLAIN: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                              30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

    /// The four blocks of ciphertext of F.5.1.
    const NIST_CIPHERTEXT: &str = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
                                   5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee";

    fn bytes_of(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
            .collect()
    }

    fn hex_of(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
    }

    fn cipher(iv: &str) -> Cipher {
        let key = bytes_of(NIST_KEY).try_into().expect("16 bytes");
        Cipher::new(&Key::from_bytes(key), iv.parse().expect("an IV"))
    }

    fn applied(iv: &str, input: &str) -> String {
        let mut bytes = bytes_of(input);
        cipher(iv).apply(&mut bytes);
        hex_of(&bytes)
    }

    #[test]
    fn encrypts_as_nist_sp_800_38a_f_5_1() {
        assert_eq!(
            applied("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", NIST_PLAIN),
            NIST_CIPHERTEXT
        );
    }

    #[test]
    fn decrypts_as_nist_sp_800_38a_f_5_2() {
        assert_eq!(
            applied("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", NIST_CIPHERTEXT),
            NIST_PLAIN
        );
    }

    #[test]
    fn counter_carries_beyond_its_lowest_32_bits() {
        assert_eq!(
            applied("000102030405060708090a0bffffffff", &"00".repeat(48)),
            "bdb7c0ef49717942fc68eeb17692fcf4eef89e9494c1082ab27d4d9095feff60\
             e4c55e024df3f265e436ab9720921bb4"
        );
    }

    #[test]
    fn counter_wraps_from_all_ones_to_zero() {
        assert_eq!(
            applied("ffffffffffffffffffffffffffffffff", &"00".repeat(48)),
            "8af2860142f786f409307c1a3f7eaaac7df76b0c1ab899b33e42f047b91b546f\
             57127d4034b1bebfaef466b9c7726fc6"
        );
    }

    #[test]
    fn key_of_a_user_is_the_head_of_the_names_digest() {
        let alice = "alice".parse().expect("a name");
        // The first half of: printf %s alice | sha256sum
        assert_eq!(
            hex_of(&*Key::of_user(&alice).0),
            "2bd806c97f0e00af1a1fc3328fa763a9"
        );
    }

    #[test]
    fn debug_output_shows_neither_key_nor_keystream() {
        let key = Key::from_bytes([0xab; KEY_BYTES]);
        assert_eq!(format!("{key:?}"), "Key(redacted)");
        assert_eq!(format!("{key:#?}"), "Key(redacted)");
        let cipher = Cipher::new(&key, ImageId::from_bytes([0xcd; IV_BYTES]));
        assert_eq!(format!("{cipher:?}"), "Cipher(redacted)");
    }

    #[test]
    fn new_ids_differ() {
        let id = || new_image_id().expect("random bytes");
        assert_ne!(id(), id());
    }

    proptest! {
        #[test]
        fn any_split_into_chunks_gives_the_same_bytes(
            plain in prop::collection::vec(any::<u8>(), 0..2000),
            iv: u128,
            sizes in prop::collection::vec(1_usize..300, 1..20),
        ) {
            let iv = format!("{iv:032x}");
            let mut at_once = plain.clone();
            cipher(&iv).apply(&mut at_once);

            let mut in_chunks = plain.clone();
            let mut split = cipher(&iv);
            let mut rest = &mut in_chunks[..];
            for &size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, later) = rest.split_at_mut(size.min(rest.len()));
                split.apply(chunk);
                rest = later;
            }
            prop_assert_eq!(&in_chunks, &at_once);

            cipher(&iv).apply(&mut in_chunks);
            prop_assert_eq!(in_chunks, plain);
        }
    }
}
