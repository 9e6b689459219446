//! What keeps it from starting, in words that say what to do.

use std::{fs, net::TcpListener, path::Path};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::rivulet::{Rivulet, command, output};

/// Starts with these arguments; expects that it ends with this code and
/// complains in these words.
async fn check(arguments: &[&str], code: i32, words: &[&str]) {
    let output = output(&mut command(arguments)).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    for words in words {
        assert!(
            said.contains(words),
            "{arguments:?} said {said}, not {words:?}"
        );
    }
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(output.stdout, b"", "it said where it was, and was not");
}

/// Starts with this directory.
async fn check_data(data: &Path, words: &[&str]) {
    let data = data.to_str().unwrap();
    check(&["--listen", "127.0.0.1:0", "--data", data], 1, words).await;
}

#[tokio::test]
async fn a_wrong_configuration_is_named_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rivulet.toml");
    let path = file.to_str().unwrap();
    let arguments = ["--config", path, "--data", path];
    check(&arguments, 1, &[path, "cannot be read"]).await;
    for (content, words) in [
        ("\n\ngrace = 3\n", ["line 3", "unknown field `grace`"]),
        ("listen = \"here\"\n", ["line 1", "socket address"]),
        ("grace_seconds = \"long\"\n", ["line 1", "expected u64"]),
        ("listen = \n", ["line 1", "rivulet example-config"]),
        (
            "[[providers]]\nname = \"a\"\n",
            ["provider `a`", "base_url"],
        ),
    ] {
        fs::write(&file, content).unwrap();
        check(&arguments, 1, &[path, words[0], words[1]]).await;
    }
}

#[tokio::test]
async fn what_is_said_of_a_model_that_nobody_has_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rivulet.toml");
    fs::write(&file, "[[models]]\nid = \"nowhere/x\"\n").unwrap();
    let (path, data) = (file.to_str().unwrap(), directory.path().to_str().unwrap());
    let arguments = ["--config", path, "--data", data, "--listen", "127.0.0.1:0"];
    check(&arguments, 1, &["nowhere/x", "[[models]]"]).await;
}

#[tokio::test]
async fn wrong_flags_and_variables_are_named() {
    for (arguments, words) in [
        (["--listen", "here"], "--listen"),
        (["--grace-seconds", "-1"], "-1"),
        (["--no-such-flag", "x"], "--no-such-flag"),
        (["no-such-command", "x"], "no-such-command"),
    ] {
        check(&arguments, 2, &[words]).await;
    }
    let mut command = command(&[]);
    let output = output(command.env("RIVULET_LISTEN", "here")).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("'here'"));
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let words = [address.as_str(), "is in use", "--listen"];
    let data_argument = data.to_str().unwrap();
    check(&["--listen", &address, "--data", data_argument], 1, &words).await;
    assert!(!data.exists(), "it made a directory all the same");
    check(&["simulate", "--listen", &address], 1, &words).await;
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    for data in [file.join("data"), file] {
        check_data(&data, &[data.to_str().unwrap(), "--data"]).await;
    }
}

#[tokio::test]
async fn two_servers_do_not_share_a_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    let first = Rivulet::serve(directory.path()).await;
    check_data(directory.path(), &["another Rivulet", "--data"]).await;
    let url = format!("{}/readyz", first.url);
    let ready = first.client.get(url).send().await.unwrap();
    assert_eq!(ready.status(), 204);
}

#[tokio::test]
async fn a_database_that_is_not_ours_is_left_alone() {
    let not_a_database = b"Dear diary, today I wrote a text that is no database.".repeat(100);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rivulet.db");
    fs::write(&file, &not_a_database).unwrap();
    let path = file.to_str().unwrap();
    check_data(directory.path(), &[path, "not a database"]).await;
    assert_eq!(fs::read(&file).unwrap(), not_a_database);

    for (statement, words) in [
        ("CREATE TABLE recipes (name TEXT)", "another program"),
        (
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'of the future', TRUE, x'00', 0)",
            "newer version",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("rivulet.db");
        if words == "newer version" {
            store::SqliteStore::open(&file).await.unwrap().close().await;
        }
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        let before = fs::read(&file).unwrap();
        check_data(directory.path(), &[file.to_str().unwrap(), words]).await;
        assert_eq!(fs::read(&file).unwrap(), before, "{words}");
    }
}
