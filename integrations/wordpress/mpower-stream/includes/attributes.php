<?php
/**
 * What a block or shortcode asks for, and the query that asks the stream for it.
 *
 * @package MpowerStream
 */

defined( 'ABSPATH' ) || exit;

/**
 * The lists among the attributes, by their names in the stream's query.
 *
 * @return array<string, string>
 */
function mpower_stream_lists() {
	return array(
		'prefer'    => 'prefer',
		'languages' => 'lang',
		'tag'       => 'tag',
		'partner'   => 'partner',
		'source'    => 'source',
		'kind'      => 'kind',
	);
}

/**
 * The attributes with nothing chosen.
 *
 * @return array<string, mixed>
 */
function mpower_stream_defaults() {
	return array_fill_keys( array_keys( mpower_stream_lists() ), '' ) + array(
		'src'           => '',
		'lang'          => '',
		'limit'         => '',
		'layout'        => '',
		'live'          => '',
		'heading-level' => '',
		'images'        => '',
	);
}

/**
 * A shortcode's attributes.
 *
 * @param array|string $typed As WordPress has read them. `[mpower_stream live]` has a word alone.
 * @return array<string, mixed>
 */
function mpower_stream_from_shortcode( $typed ) {
	$typed = (array) $typed;
	if ( in_array( 'live', array_filter( $typed, 'is_int', ARRAY_FILTER_USE_KEY ), true ) ) {
		$typed['live'] = '1';
	}
	return shortcode_atts( mpower_stream_defaults(), $typed, 'mpower_stream' );
}

/**
 * A block's attributes under the names that the shortcode has.
 *
 * @param array $chosen As the editor keeps them.
 * @return array<string, mixed>
 */
function mpower_stream_from_block( $chosen ) {
	$asked = array_intersect_key( $chosen, mpower_stream_defaults() );
	if ( isset( $chosen['headingLevel'] ) ) {
		$asked['heading-level'] = $chosen['headingLevel'];
	}
	return $asked + mpower_stream_defaults();
}

/**
 * The language that a visitor reads here: the one that is asked for, else that of the page.
 *
 * @param array $asked The attributes.
 * @return string Two or three letters.
 */
function mpower_stream_language( $asked ) {
	$wished = is_scalar( $asked['lang'] ) ? (string) $asked['lang'] : '';
	$code   = preg_match( '/^[A-Za-z]{2,3}(?=$|[-_])/', $wished, $found ) ? $found[0] : substr( determine_locale(), 0, 3 );
	return strtolower( rtrim( $code, '_-' ) );
}

/**
 * The query of the stream's piece of HTML. What the stream would refuse is left out.
 *
 * @param array $asked The attributes.
 * @return string Always the same for the same wish.
 */
function mpower_stream_query( $asked ) {
	$pairs = array( 'fragment=1', 'ui=' . rawurlencode( mpower_stream_language( $asked ) ) );
	foreach ( mpower_stream_lists() as $name => $field ) {
		$values = is_scalar( $asked[ $name ] ) ? preg_split( '/[\s,]+/', (string) $asked[ $name ], -1, PREG_SPLIT_NO_EMPTY ) : array();
		foreach ( array_slice( $values, 0, 10 ) as $value ) {
			if ( preg_match( '/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/D', $value ) ) {
				$pairs[] = $field . '=' . rawurlencode( $value );
			}
		}
	}
	$limit = is_numeric( $asked['limit'] ) ? (int) $asked['limit'] : 0;
	if ( $limit > 0 ) {
		$pairs[] = 'limit=' . min( 100, $limit );
	}
	$choices = array(
		'layout'        => array( 'list', 'cards', 'compact' ),
		'heading-level' => array( '2', '3', '4', '5', '6' ),
	);
	foreach ( $choices as $name => $values ) {
		if ( in_array( (string) $asked[ $name ], $values, true ) ) {
			$pairs[] = $name . '=' . $asked[ $name ];
		}
	}
	if ( mpower_stream_is_on( $asked['live'], false ) ) {
		$pairs[] = 'live=1';
	}
	if ( ! mpower_stream_is_on( $asked['images'], true ) ) {
		$pairs[] = 'images=off';
	}
	return implode( '&', $pairs );
}

/**
 * Reads a switch: a block has true and false, a shortcode has words.
 *
 * @param mixed $value   The attribute.
 * @param bool  $default What holds where nothing is said.
 * @return bool
 */
function mpower_stream_is_on( $value, $default ) {
	if ( is_bool( $value ) ) {
		return $value;
	}
	if ( ! is_scalar( $value ) || '' === (string) $value ) {
		return $default;
	}
	return ! in_array( strtolower( (string) $value ), array( '0', 'off', 'no', 'false' ), true );
}
