<?php
/**
 * What may stand in the stream's piece of HTML.
 *
 * The stream sends clean rows. They still come from another host, so only what rows are made of passes here.
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

/**
 * The elements and attributes that rows are made of.
 *
 * @return array<string, array<string, bool>>
 */
function mpower_stream_allowed_html() {
	$any     = array_fill_keys( array( 'class', 'lang', 'dir', 'role', 'hidden', 'data-*', 'aria-labelledby', 'aria-label', 'aria-hidden', 'aria-live' ), true );
	$named   = $any + array( 'id' => true );
	$link    = $any + array_fill_keys( array( 'href', 'rel', 'hreflang', 'target', 'type' ), true );
	$image   = $any + array_fill_keys( array( 'src', 'srcset', 'sizes', 'alt', 'width', 'height', 'loading', 'decoding' ), true );
	$allowed = array_fill_keys( array( 'article', 'div', 'ol', 'ul', 'li', 'p', 'bdi', 'b', 'strong', 'em', 'i', 'small', 'summary', 'figure', 'figcaption', 'br' ), $any );
	foreach ( array( 'h2', 'h3', 'h4', 'h5', 'h6', 'span' ) as $name ) {
		$allowed[ $name ] = $named;
	}
	$element = array( 'src', 'languages', 'prefer', 'tag', 'partner', 'source', 'kind', 'limit', 'layout', 'live', 'heading-level', 'images' );
	return $allowed + array(
		'mpower-stream' => $any + array_fill_keys( $element, true ),
		'a'             => $link,
		'img'           => $image,
		'time'          => $any + array( 'datetime' => true ),
		'details'       => $any + array( 'open' => true ),
		'blockquote'    => $any + array( 'cite' => true ),
	);
}

/**
 * Cleans a piece of HTML that a stream has sent.
 *
 * @param string $html The piece.
 * @return string Nothing if it is not what a stream sends.
 */
function mpower_stream_clean( $html ) {
	// WordPress drops these tags and keeps what they hold; nobody is to read a script's text.
	$html = preg_replace( '#<(script|style|template|noscript|iframe|svg|math)\b.*?(</\1\s*>|\z)#is', '', $html );
	$html = trim( wp_kses( (string) $html, mpower_stream_allowed_html(), array( 'http', 'https' ) ) );
	if ( ! preg_match( '#\A<mpower-stream\b.*</mpower-stream>\z#s', $html ) ) {
		return '';
	}
	// An end too many would close what the theme has opened.
	return mpower_stream_settle( force_balance_tags( $html ) );
}

/**
 * Writes a piece so that WordPress, which goes over whole pages after the block is rendered, finds nothing to do in it.
 *
 * The same letters stand there for a browser. But a bracket that others have written begins no shortcode, which would
 * run on this site, and no smiley becomes a picture. The hexadecimal form is needed: do_shortcode() undoes the other.
 *
 * @param string $html The clean piece.
 * @return string
 */
function mpower_stream_settle( $html ) {
	$html = preg_replace( '#\A<mpower-stream\b#', '<mpower-stream class="wp-exclude-emoji"', $html );
	$html = strtr(
		$html,
		array(
			'[' => '&#x5b;',
			']' => '&#x5d;',
		)
	);
	$begins = static function ( $found ) {
		return sprintf( '%s&#x%x;', $found[1], ord( $found[2] ) );
	};
	$text   = static function ( $found ) use ( $begins ) {
		return preg_replace_callback( '/(\s|^|&gt;)([:;8])(?=\S)/', $begins, $found[0] );
	};
	return preg_replace_callback( '/(?<=>)[^<]+/', $text, $html );
}

/**
 * Has WordPress leave the letters of others as they are: its quotation marks are those of the site's language.
 *
 * @param string[] $names The elements that it leaves alone.
 * @return string[]
 */
function mpower_stream_no_texturize( $names ) {
	$names[] = 'mpower-stream';
	return $names;
}
