//! Every panel in every state, as text.

use crate::dashboard::testing::Scene;

#[test]
fn look() {
    for (w, h) in [(80, 24), (120, 40), (200, 60)] {
        let mut scene = Scene::led(w, h);
        for (i, f) in ["test_image.png", "sunset over the lake.jpg", "x.webp"]
            .iter()
            .enumerate()
        {
            scene.upload(3, 1, i as u16 + 1, f).after(700);
        }
        scene.after(3000);
        println!("{}", scene.text());
        scene.kill(3).after(1);
        scene.suspect(2, 3);
        println!("{}", scene.text());
        scene.elect(2, 2, &[1, 2]).after(5000);
        println!("{}", scene.text());
        for k in ['w', 'f', '?', 'q'] {
            scene.press(k);
            println!("{}", scene.text());
            scene.ctrl('c');
        }
    }
}

#[test]
fn look_timeline() {
    use crate::dashboard::theme::{Charset, Palette, Theme};
    for (w, h) in [(80, 24), (120, 40), (200, 60)] {
        for charset in [Charset::Unicode, Charset::Ascii] {
            let mut scene = Scene::themed(w, h, Theme::new(Palette::Dark, charset));
            scene.lead();
            scene.upload(3, 1, 1, "x.png").after(12_000);
            scene.kill(3).after(1);
            scene.suspect(2, 3);
            scene.elect(2, 2, &[1, 2]).after(25_000);
            println!("{}", scene.text());
            scene.press('t');
            scene.press('t');
            println!("{}", scene.text());
            scene.press('-');
            println!("{}", scene.text());
            for _ in 0..9 {
                scene.press('+');
            }
            println!("{}", scene.text());
        }
    }
}

#[test]
fn look_elections() {
    use crate::dashboard::theme::{Charset, Palette, Theme};
    for (w, h) in [(60, 20), (80, 40), (200, 60)] {
        for charset in [Charset::Unicode, Charset::Ascii] {
            let mut scene = Scene::themed(w, h, Theme::new(Palette::Dark, charset));
            scene.lead();
            scene.upload(3, 1, 1, "x.png").after(12_000);
            scene.kill(3).after(1);
            scene.suspect(2, 3);
            scene.elect(2, 2, &[1, 2]).after(25_000);
            if w == 200 {
                println!("{}", scene.text());
            }
            scene.press('e');
            if w == 200 {
                scene.press('e');
            }
            println!("{}", scene.text());
        }
    }
}

#[test]
fn look_windows() {
    use crate::dashboard::theme::{Charset, Palette, Theme};
    for (w, h) in [(80, 24), (130, 40), (200, 60)] {
        let mut scene = Scene::themed(w, h, Theme::new(Palette::Dark, Charset::Unicode));
        scene.lead();
        scene.upload(3, 1, 1, "x.png").after(12_000);
        for k in ['w', 'f', '?', 'q'] {
            scene.press(k);
            println!("{}", scene.text());
            scene.ctrl('c');
        }
        scene.press('2');
        scene.press('w');
        println!("{}", scene.text());
        scene.ctrl('c');
        scene.kill(3).after(1);
        scene.suspect(2, 3);
        scene.elect(2, 2, &[1, 2]).after(25_000);
        scene.press('3');
        for k in ['w', 'f'] {
            scene.press(k);
            println!("{}", scene.text());
            scene.ctrl('c');
        }
        scene.press('l');
        scene.press('/');
        for k in "leader".chars() {
            scene.press(k);
        }
        println!("{}", scene.text());
        scene.key(crossterm::event::KeyCode::Enter);
        scene.press('n');
        scene.press('n');
        println!("{}", scene.text());
        scene.key(crossterm::event::KeyCode::Esc);
        println!("{}", scene.text());
    }
}
