//! Sends files with Rust's HTTP libraries, each with its default settings.
//! Arguments: reqwest|ureq URL FILE...

use std::{env, fs};

fn main() {
    let args: Vec<String> = env::args().collect();
    for name in &args[3..] {
        let body = fs::read(name).expect("read the file");
        let line = match args[1].as_str() {
            "reqwest" => {
                let r = reqwest::blocking::Client::new().post(&args[2]).body(body).send();
                match r {
                    Ok(r) => format!("{:?} {} {}", r.version(), r.status(), r.text().unwrap_or_default()),
                    Err(e) => format!("error: {e:?}"),
                }
            }
            _ => match ureq::post(&args[2]).send_bytes(&body) {
                Ok(r) | Err(ureq::Error::Status(_, r)) => {
                    format!("{} {} {}", r.http_version().to_string(), r.status(), r.into_string().unwrap_or_default())
                }
                Err(e) => format!("error: {e}"),
            },
        };
        println!("{}", line.replace('\n', " "));
    }
}
