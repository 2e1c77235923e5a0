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
