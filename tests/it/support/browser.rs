//! A browser-like client: keeps cookies, follows nothing by itself, fills in forms. Does not own the gateway it asks.

use super::app::PASSWORD;
use reqwest::{Method, Response, StatusCode, redirect::Policy};

/// A client that keeps cookies and follows nothing by itself.
pub struct Browser {
    client: reqwest::Client,
    url: String,
}

/// A page that was got: status, headers, text.
pub struct Page {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its text.
    pub text: String,
}

impl Page {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("text") }
    }

    /// Where it redirects to; empty when it doesn't.
    pub fn location(&self) -> &str {
        self.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first field of this name, unescaped.
    pub fn field(&self, name: &str) -> Option<String> {
        let marker = format!("name=\"{name}\"");
        let tag = self.text.split('<').find(|tag| tag.starts_with("input") && tag.contains(&marker))?;
        let value = tag.split("value=\"").nth(1)?.split('"').next()?;
        Some(unescape(value))
    }

    /// The reference of a hand-over page.
    pub fn reference(&self) -> Option<String> {
        let is_one = |word: &&str| {
            word.len() == 9 && gatehouse::domain::reference::parse(word).as_deref() == Some(*word)
        };
        self.text.split(['<', '>']).map(str::trim).find(is_one).map(str::to_owned)
    }

    /// The action of the form that posts away.
    pub fn action(&self) -> Option<String> {
        let tag =
            self.text.split('<').find(|tag| tag.starts_with("form") && tag.contains("action=\"http"))?;
        Some(unescape(tag.split("action=\"").nth(1)?.split('"').next()?))
    }
}

/// Undoes the escapes that the templates use.
pub fn unescape(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

impl Browser {
    /// A new browser in front of the gateway at this address.
    pub fn at(url: &str) -> Self {
        let client =
            reqwest::Client::builder().cookie_store(true).redirect(Policy::none()).build().expect("a client");
        Self { client, url: url.to_owned() }
    }

    fn absolute(&self, address: &str) -> String {
        if address.starts_with('/') { format!("{}{address}", self.url) } else { address.to_owned() }
    }

    /// GET.
    pub async fn get(&self, address: &str) -> Page {
        self.send(Method::GET, address, &[], "").await
    }

    /// POST of a form.
    pub async fn post(&self, address: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, address, &[("content-type", "application/x-www-form-urlencoded")], &body)
            .await
    }

    /// POST of a form of ours: gets the page first and sends its token along.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(page).await;
        let csrf = page.field("csrf").expect("the page has a form");
        let version = page.field("version");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(version.as_deref().map(|version| ("version", version)));
        all.extend_from_slice(fields);
        self.post(action, &all).await
    }

    /// Any request.
    pub async fn send(&self, method: Method, address: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let mut request = self.client.request(method, self.absolute(address)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Page::of(request.send().await.expect("the gateway answers")).await
    }

    /// Signs in from `/login`.
    pub async fn sign_in(&self, username: &str) -> Page {
        self.sign_in_from("/login", username, PASSWORD).await
    }

    /// Signs in from a login address (with its flow), and answers the page after the password.
    pub async fn sign_in_from(&self, login: &str, username: &str, password: &str) -> Page {
        let page = self.get(login).await;
        let csrf = page.field("csrf").expect("a form");
        let flow = page.field("flow").unwrap_or_default();
        let next = page.field("next").unwrap_or_default();
        let fields = [("csrf", csrf.as_str()), ("flow", &flow), ("next", &next), ("username", username)];
        let second = self.post("/login", &fields).await;
        assert_eq!(second.status, StatusCode::SEE_OTHER, "{}", second.text);
        let page = self.get(second.location()).await;
        let csrf = page.field("csrf").expect("a form");
        self.post(
            "/login/password",
            &[
                ("csrf", csrf.as_str()),
                ("flow", &flow),
                ("next", &next),
                ("username", username),
                ("password", password),
            ],
        )
        .await
    }

    /// After the password: leaves through `/login/continue` and answers the page that goes to the app.
    pub async fn leave(&self, after_password: &Page) -> Page {
        assert_eq!(after_password.status, StatusCode::SEE_OTHER, "{}", after_password.text);
        let page = self.get(after_password.location()).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let link = page.text.split("id=\"continue\"").next().and_then(|before| before.rsplit("<a").next());
        let after = page.text.split("id=\"continue\"").nth(1);
        let href = [link, after]
            .into_iter()
            .flatten()
            .find_map(|text| text.split('>').next()?.split("href=\"").nth(1)?.split('"').next())
            .expect("a way on");
        self.get(&unescape(href)).await
    }
}
