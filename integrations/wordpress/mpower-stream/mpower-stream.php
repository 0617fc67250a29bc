<?php
/**
 * Plugin Name:       mPOWER Stream
 * Plugin URI:        https://municipalpower.org/
 * Description:       Shows a multilingual stream of news from a network of organisations, as a block or a shortcode. Readable without script, kept when the stream cannot be reached, no cookies, no tracking.
 * Version:           1.0.2
 * Requires at least: 6.0
 * Requires PHP:      7.4
 * Author:            mPOWER
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       mpower-stream
 * Domain Path:       /languages
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

define( 'MPOWER_STREAM_VERSION', '1.0.2' );
define( 'MPOWER_STREAM_FILE', __FILE__ );

require __DIR__ . '/includes/addresses.php';
require __DIR__ . '/includes/attributes.php';
require __DIR__ . '/includes/cleaning.php';
require __DIR__ . '/includes/asking.php';
require __DIR__ . '/includes/keeping.php';
require __DIR__ . '/includes/assets.php';
require __DIR__ . '/includes/showing.php';
require __DIR__ . '/includes/settings.php';

add_action( 'init', 'mpower_stream_load_words', 5 );
add_action( 'init', 'mpower_stream_register_assets' );
add_action( 'init', 'mpower_stream_register' );
add_action( 'wp_enqueue_scripts', 'mpower_stream_enqueue_early' );
add_filter( 'no_texturize_tags', 'mpower_stream_no_texturize' );
add_filter( 'script_loader_tag', 'mpower_stream_as_module', 10, 2 );
add_action( 'admin_init', 'mpower_stream_register_settings' );
add_filter( 'option_page_capability_mpower_stream', 'mpower_stream_capability' );
add_action( 'admin_menu', 'mpower_stream_add_settings_page' );
add_filter( 'plugin_action_links_' . plugin_basename( __FILE__ ), 'mpower_stream_action_links' );

/**
 * Loads the translations that come with the plugin.
 */
function mpower_stream_load_words() {
	load_plugin_textdomain( 'mpower-stream', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
}
