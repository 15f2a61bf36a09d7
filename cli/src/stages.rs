//! What `--profile` adds to a report.

use serde_json::Value;
use velum_wallet::measure::Profile;

/// Adds the stages of each verb: the members `stages` and `devices` to the JSON, and a table to the
/// text.
pub fn add(profiles: &[(&str, &Profile)], json: &mut Value, text: &mut String) {
    json["stages"] =
        profiles.iter().map(|(verb, profile)| ((*verb).to_owned(), profile.to_json())).collect();
    json["devices"] = profiles
        .iter()
        .map(|(verb, profile)| ((*verb).to_owned(), profile.devices_to_json()))
        .collect();
    text.push_str("\n\n");
    text.push_str(&Profile::table(profiles));
}
